"""What happens once, at installing and at uninstalling."""

from odoo import fields


def pre_init_hook(env):
    """Fill the status of documents that are there already in one statement: computing it takes hours on big books."""
    env.cr.execute(
        """
        ALTER TABLE account_move ADD COLUMN IF NOT EXISTS exact_state varchar;
        ALTER TABLE account_move ADD COLUMN IF NOT EXISTS exact_route varchar;
        UPDATE account_move SET exact_state = 'not_sent', exact_route = 'entry'
        WHERE move_type IN ('out_invoice', 'out_refund')
        """
    )


def post_init_hook(env):
    """Show what is already sent by Odoo as not yet in Exact: nothing is called, nothing is queued."""
    env["ir.config_parameter"].sudo().set_param("exact_connector.database_reference", _short(env))


def _short(env):
    """Six characters of the database's own id: they keep our references in Exact apart per database."""
    return (env["ir.config_parameter"].sudo().get_param("database.uuid") or "odoo")[:6]


def uninstall_hook(env):
    """Forget the tokens, keep what Exact made; invoices, partners and Exact itself stay as they are."""
    # While there is still a token to tell Exact with that its messages have nowhere to go.
    connections = env["exact.connection"].sudo().with_context(active_test=False)
    connections.search([("webhook_subscription_ids", "!=", False)])._drop_webhooks()
    env["exact.token"].sudo().search([]).unlink()
    # Should it be put in again: what was posted until now may be in Exact, and is looked up there first; what Exact
    # made itself is known by its IDs only.
    env["exact.connection"]._keep_links()
    now = fields.Datetime.to_string(fields.Datetime.now())
    env["ir.config_parameter"].sudo().set_param("exact_connector.taken_out_on", now)
