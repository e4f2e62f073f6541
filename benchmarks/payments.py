"""Paid status against bare batched settlements of the same kind."""

from datetime import date

from .lanes import BARE, PRODUCT, Exact, Lane, middle, race, ratio

CUSTOMERS = 200
# Payments created, posted and matched at once by the bare side: as many as Exact shows in a page.
BATCH = 1000


# === MEASURED === #


def product(lane):
    """The scheduled run: what changed since the cursor becomes settlements. Slices end with its pages."""
    run = lane.env["exact.exchange"]._enqueue_run(lane.connection, "payment_sync").sudo()
    lane.fresh()
    lane.restart()
    lane.in_turns()
    run._drive()
    assert (run.state, run.failed_count) == ("done", 0), (run.state, run.message)
    return run.updated_count


def bare(lane, numbers):
    """The same payments by Odoo alone: created, posted and matched in batches, tracking as it is.

    :param numbers: places of the documents to settle, in order of id.
    """
    connection = lane.connection
    company = connection.company_id
    journal = connection._get_settlement_journal()
    moves = lane.env["account.move"].with_company(company)
    moves = moves.search([("exact_entry_id", "!=", False)], order="id")
    moves = moves.browse([moves.ids[number] for number in numbers])
    lane.fresh()
    lane.restart()
    method = journal._get_available_payment_method_lines("inbound")[:1]
    for start in range(0, len(moves), BATCH):
        batch = moves[start : start + BATCH]
        payments = lane.env["account.payment"].with_company(company)
        payments = payments.create(
            [
                {
                    "payment_type": "inbound",
                    "partner_type": "customer",
                    "partner_id": move.commercial_partner_id.id,
                    "amount": move.amount_residual,
                    "currency_id": move.currency_id.id,
                    "date": date.today(),
                    "journal_id": journal.id,
                    "payment_method_line_id": method.id,
                    "outstanding_account_id": journal.default_account_id.id,
                    "memo": move.name,
                }
                for move in batch
            ]
        )
        payments.action_post()
        plan = []
        for move, payment in zip(batch, payments, strict=True):
            lines = (move + payment.move_id).line_ids
            plan.append(
                lines.filtered(lambda line: line.account_id.account_type == "asset_receivable")
            )
        lane.env["account.move.line"]._reconcile_plan(plan)
        lane.env.flush_all()
        lane.commit()
        lane.turn()
    return len(moves)


def check(lane, numbers):
    """Whether exactly these documents are paid: the count, and what Odoo has open in all."""
    env = lane.env
    moves = env["account.move"].search([("exact_entry_id", "!=", False)], order="id")
    chosen = moves.browse([moves.ids[number] for number in numbers])
    assert not any(chosen.mapped("amount_residual")), "not all are paid"
    return [len(chosen), str(round(sum(moves.mapped("amount_residual")), 2))]


def settle_journal(lane):
    """The journal that settlements go to, made before the first one."""
    lane.connection._get_settlement_journal()
    lane.analyze()


# === RUN === #


def measure(server, open_count, paid, rounds, note):
    """``open_count`` documents open on both sides, of which so many are paid at a time.

    :param paid: list of counts.
    :return: list of measures, one for each count and one for none
    """
    with Exact(accounts=CUSTOMERS + 40) as exact, Lane(server, exact) as lane:
        note(f"{open_count} open documents are made")
        lane.run("books.connect")
        lane.run("books.customers", count=CUSTOMERS)
        entries = lane.run("books.entries", count=open_count).value
        lane.run("payments.settle_journal")
        # Nobody may be in a database that is cloned. The bare side makes no call.
        lane.stop()
        with Lane(server, source=lane.database) as rival:
            lane.start()
            return _rounds(exact, lane, rival, entries, paid, rounds, note)


def _rounds(exact, lane, rival, entries, paid, rounds, note):
    found, first = [], 0
    for count in paid:
        pairs = []
        turns = rounds if count * rounds * 2 < len(entries) else 1
        for number in range(turns):
            note(f"{count} of {len(entries)} paid, round {number + 1} of {turns}")
            numbers = list(range(first, first + count))
            first += count
            exact.post(
                "/_sim/accountant/1001/receive",
                {"entries": [{"entry": entries[place]} for place in numbers]},
            )
            done = race(
                {
                    PRODUCT: (lane, "payments.product", {}),
                    BARE: (rival, "payments.bare", {"numbers": numbers}),
                }
            )
            assert done[PRODUCT].value == count, done[PRODUCT].value
            sums = [one.run("payments.check", numbers=numbers).value for one in (lane, rival)]
            assert sums[0] == sums[1], sums
            pairs.append((done[PRODUCT], done[BARE]))
        product, plain = (
            sorted(side, key=lambda one: one.own)[len(side) // 2]
            for side in zip(*pairs, strict=True)
        )
        found.append(
            {
                "open": len(entries),
                "paid": count,
                "ratio": ratio(pairs),
                "product": product.as_dict(count),
                "bare": plain.as_dict(count),
            }
        )
    nothing = [lane.run("payments.product") for _n in range(3)]
    found.append(
        {
            "open": len(entries),
            "paid": 0,
            "own_s": middle(one.own for one in nothing),
            "calls": middle(len(one.calls) for one in nothing),
            "sql": middle(one.total("sql") for one in nothing),
        }
    )
    return found
