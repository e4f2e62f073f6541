from odoo.addons.exact_connector.models.exact_exchange import OPEN_STATES


def post_init_hook(env):
    """A channel for each connection; what waited for the scheduled action is given to jobs."""
    connections = env["exact.connection"].with_context(active_test=False).search([])
    connections._create_queue_channel()
    env["exact.exchange"].search([("state", "in", OPEN_STATES)])._schedule()


def uninstall_hook(env):
    """Nothing is lost: what jobs would have done, the scheduled action does, at the same times."""
    env["exact.connection"]._search_jobs().unlink()
    # They hold the channel above them, which goes with the add-on.
    env["queue.job.channel"].search([("exact_connection_id", "!=", False)]).unlink()
    exchanges = env["exact.exchange"].search([("state", "in", OPEN_STATES)])
    cron = env.ref("exact_connector.ir_cron_process_exchanges")
    cron._trigger()
    for moment in {moment for moment in exchanges.mapped("retry_at") if moment}:
        cron._trigger(at=moment)
