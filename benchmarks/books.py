"""Tasks that lay the ground: a company joined to Exact, customers, documents. None of them is measured."""

from datetime import date, timedelta

APP = ("11111111-1111-4111-8111-111111111111", "practice-secret-nl")
LOGIN = "bookkeeper@practice.example"
DIVISION = 1001
# Documents made at once; more in one transaction would only be slow.
AT_ONCE = 500


def connect(lane):
    """Join the company to Exact as a person would, past the pages, and map what is needed to send."""
    import requests

    lane.env["ir.config_parameter"].set_param("exact_connector.practice_url", lane.exact)
    env = lane.user
    env.user.group_ids += env.ref("base.group_system")
    authorization = env["exact.authorization"].create(
        {"country": "practice", "client_id": APP[0], "client_secret": APP[1]}
    )
    connection = env["exact.connection"].create(
        {
            "company_id": env.company.id,
            "authorization_id": authorization.id,
            "start_date": date(date.today().year - 3, 1, 1),
        }
    )
    # Tokens are kept on a cursor of their own, which has to see what they belong to.
    lane.fresh()
    redirect_uri = authorization._get_redirect_uri()
    lane.commit()
    values = {"client_id": APP[0], "redirect_uri": redirect_uri}
    requests.post(f"{lane.exact}/_sim/app", json=values, timeout=60).raise_for_status()
    answer = requests.post(f"{lane.exact}/_sim/grant", json={**values, "login": LOGIN}, timeout=60)
    kept = authorization._connect(answer.json()["code"])
    connection._after_connect(kept)
    connection.division_id = kept.division_ids.filtered(lambda d: d.code == DIVISION)
    connection._refresh_reference_data()
    connection.default_item_id = _exact(connection, "exact.item", "ALG")
    tax = env["account.tax"].search(
        [
            ("company_id", "=", env.company.id),
            ("amount", "=", 21),
            ("amount_type", "=", "percent"),
            ("type_tax_use", "=", "sale"),
            ("price_include", "=", False),
        ],
        limit=1,
    )
    tax.exact_vat_code_id = _exact(connection, "exact.vat.code", "2")
    lane.analyze()


def _exact(connection, model, code):
    """A piece of reference data by its code in Exact."""
    return connection.env[model].search(
        [("connection_id", "=", connection.id), ("code", "=", code)], limit=1
    )


def customers(lane, count):
    """``count`` customers linked to relations of Exact that are there."""
    connection, env = lane.connection, lane.user
    client = connection._get_client()
    rows = client.rows(
        "crm/Accounts", select=["ID", "Code", "Name"], filter="Status eq 'C'", top=count + 20
    )
    rows = [row for row in rows if int(row["Code"]) > 20][:count]
    env["res.partner"].create(
        [
            {
                "name": row["Name"],
                "ref": row["Code"],
                "is_company": True,
                "country_id": env.ref("base.nl").id,
                "exact_account_id": row["ID"],
                "exact_account_code": row["Code"],
                "exact_account_status": "C",
            }
            for row in rows
        ]
    )
    lane.fresh()


def documents(lane, count, lines=3):
    """``count`` posted invoices of ``lines`` lines, sent to their customers and due for Exact."""
    from odoo import Command

    env = lane.user
    partners = env["res.partner"].search([("exact_account_id", "!=", False)])
    tax = env["account.tax"].search([("exact_vat_code_id", "!=", False)], limit=1)
    moves = env["account.move"].with_context(tracking_disable=True, mail_create_nolog=True)
    day, made = date.today() - timedelta(days=40), []
    for start in range(0, count, AT_ONCE):
        batch = moves.create(
            [
                {
                    "move_type": "out_invoice",
                    "partner_id": partners[number % len(partners)].id,
                    "invoice_date": day + timedelta(days=number % 20),
                    "invoice_line_ids": [
                        Command.create(
                            {
                                "name": f"Advies {line + 1}",
                                "quantity": line + 1,
                                "price_unit": 100.0 + number % 50,
                                "tax_ids": [Command.set(tax.ids)],
                            }
                        )
                        for line in range(lines)
                    ],
                }
                for number in range(start, min(start + AT_ONCE, count))
            ]
        )
        batch.action_post()
        batch.is_move_sent = True
        made += batch.ids
        lane.fresh()
    lane.analyze()
    return made


def entries(lane, count):
    """``count`` posted invoices that are in Exact, open on both sides.

    Some are made by Odoo; the others are copies of their rows, each with a number and an entry in
    Exact of its own.
    """
    patterns = documents(lane, min(count, 200), lines=1)
    if count > len(patterns):
        _multiply(lane, patterns, count)
    lane.env.invalidate_all()
    env, connection = lane.user, lane.connection
    moves = env["account.move"].browse()
    moves = moves.search([("move_type", "=", "out_invoice"), ("exact_entry_id", "=", False)])
    client = connection._get_client()
    mapper = env["exact.mapper.sales.entry"]
    for start in range(0, len(moves), AT_ONCE):
        for move in moves[start : start + AT_ONCE]:
            resolution = mapper._resolve(move, connection)
            assert not resolution.problems, resolution.problems
            values = mapper._exact_values(
                move, resolution, move.commercial_partner_id.exact_account_id
            )
            row = client.create("salesentry/SalesEntries", values)
            move.with_context(skip_invoice_sync=True, tracking_disable=True).write(
                {"exact_entry_id": row["EntryID"], "exact_entry_number": str(row["EntryNumber"])}
            )
        lane.fresh()
    # All of it has been looked at once: the cursor stands behind the last booking.
    env["exact.exchange"]._enqueue_run(connection, "payment_sync")._drive()
    lane.analyze()
    return moves.sorted("id").mapped("exact_entry_id")


def _multiply(lane, patterns, count):
    """Copy posted invoices, row by row, until there are ``count``; the copies are numbered on."""
    lane.env.flush_all()
    cr, step = lane.cr, 10**7
    for table, key in (("account_move", "id"), ("account_move_line", "move_id")):
        cr.execute(
            "SELECT column_name FROM information_schema.columns "
            "WHERE table_name = %s AND is_generated = 'NEVER'",
            [table],
        )
        columns = [name for (name,) in cr.fetchall()]
        values = {name: f't."{name}"' for name in columns}
        values["id"] = f"t.id + n * {step}"
        if table == "account_move":
            values["name"] = "t.name || '-' || n"
            values["sequence_number"] = f"t.sequence_number + n * {step // 100}"
        else:
            values["move_id"] = f"t.move_id + n * {step}"
            values["move_name"] = "t.move_name || '-' || n"
        names = ", ".join(f'"{name}"' for name in columns)
        cr.execute(
            f"INSERT INTO {table} ({names}) SELECT {', '.join(values[name] for name in columns)} "
            f"FROM {table} t, generate_series(1, %s) n WHERE t.{key} IN %s",
            [count // len(patterns) - 1, tuple(patterns)],
        )
        if table == "account_move_line":
            cr.execute(
                "INSERT INTO account_move_line_account_tax_rel "
                "SELECT r.account_move_line_id + n * %s, r.account_tax_id "
                "FROM account_move_line_account_tax_rel r "
                "JOIN account_move_line l ON l.id = r.account_move_line_id, generate_series(1, %s) n "
                "WHERE l.move_id IN %s",
                [step, count // len(patterns) - 1, tuple(patterns)],
            )
        cr.execute(f"SELECT setval('{table}_id_seq', (SELECT max(id) FROM {table}))")
    lane.commit()
