"""From 19.0.1.0.0: columns of big tables are filled in one statement each, where Odoo would compute them one by one."""

from odoo.tools import SQL
from odoo.tools.sql import column_exists


def migrate(cr, version):
    """Before the models are loaded.

    :param version: the version that is installed; empty where nothing is.
    """
    if not version:
        return
    if not column_exists(cr, "account_move", "exact_route"):
        # Nothing was made in Exact yet: what there is was invoiced in Odoo.
        cr.execute(SQL("ALTER TABLE account_move ADD COLUMN exact_route varchar"))
        cr.execute(
            SQL(
                "UPDATE account_move SET exact_route = 'entry' "
                "WHERE move_type IN ('out_invoice', 'out_refund')"
            )
        )
    if not column_exists(cr, "exact_connection", "keep_months"):
        # Whoever had no say in it so far keeps all until they choose.
        cr.execute(SQL("ALTER TABLE exact_connection ADD COLUMN keep_months integer DEFAULT 0"))
        cr.execute(SQL("ALTER TABLE exact_connection ALTER COLUMN keep_months DROP DEFAULT"))
