from odoo import models


class ExactExchange(models.Model):
    """What Exact sent and nobody can read: told on the run, in the way of no other row."""

    _inherit = "exact.exchange"

    def _note_odd(self, row, names):
        """A row that was left out, with the names of what cannot be read in it."""
        self.ensure_one()
        self.failed_count += 1
        which = [row[name] for name in ("Code", "Name", "ID") if isinstance(row.get(name), str)]
        self.env["exact.exchange.problem"].create(
            {
                "exchange_id": self.id,
                "cause_id": self.env["exact.cause"]._by_code("unreadable").id,
                "message": self.env._(
                    "Left out, because this cannot be read: %(names)s (%(which)s)",
                    names=", ".join(names[:10]),
                    which=" ".join(which)[:200],
                ),
            }
        )
