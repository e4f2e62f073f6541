"""For Odoo's shell: posted invoices of many customers, each of its own amount, which count as sent.

Batches of one commit, so that ten thousand take minutes; ``COUNT`` and ``CUSTOMERS`` are set in front.
"""

# ruff: noqa: F821  `env`, COUNT and CUSTOMERS are the shell's
from datetime import date

BATCH = 250
country = env["res.country"].search([("code", "=", "NL")])
tax = env["account.tax"].search([("name", "=", "21% ST")], limit=1)
partners = env["res.partner"].create(
    [
        {"name": f"Soak customer {n:05}", "is_company": True, "country_id": country.id}
        for n in range(CUSTOMERS)
    ]
)
for start in range(0, COUNT, BATCH):
    moves = env["account.move"].create(
        [
            {
                "move_type": "out_invoice",
                "partner_id": partners[n % CUSTOMERS].id,
                "invoice_date": date.today(),
                "invoice_line_ids": [
                    (0, 0, {"name": "Soak", "quantity": 1 + n % 7, "price_unit": 3.33 + n / 100,
                            "tax_ids": [(6, 0, tax.ids)]})
                ],
            }
            for n in range(start, min(start + BATCH, COUNT))
        ]
    )  # fmt: skip
    moves.action_post()
    moves.is_move_sent = True
    env.cr.commit()
    env.invalidate_all()
