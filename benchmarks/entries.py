"""Sending documents as sales entries: our own time beside the calls."""

import statistics
import time

from .lanes import BARE, PRODUCT, Exact, Lane, middle, race, ratio

CUSTOMERS = 200
RESERVED = 200


# === MEASURED === #


def resolve(lane, moves):
    """Mapping alone: everything an entry needs, from local copies, in the driver's portions."""
    env, connection = lane.env, lane.connection
    mapper = env["exact.mapper.sales.entry"]
    lane.fresh()
    lane.restart()
    for start in range(0, len(moves), 50):
        for move in env["account.move"].browse(moves[start : start + 50]):
            resolution = mapper._resolve(move, connection)
            assert not resolution.problems, resolution.problems
        lane.fresh()


def product(lane, moves):
    """The driver, as the scheduled action runs it: slices end with its commits."""
    env = lane.env
    exchanges = env["exact.exchange"]._enqueue_moves(
        lane.connection, env["account.move"].browse(moves)
    )
    lane.fresh()
    lane.restart()
    lane.in_turns()
    exchanges._drive()
    lane.env.invalidate_all()
    states = exchanges.mapped("state")
    assert set(states) == {"done"}, set(states)
    return len(states)


def bare(lane, moves):
    """What any sending that is safe has to write: before the call, after it, a line in the chatter; two commits.

    No mapping and no call: the same values are at hand.
    """
    from odoo import fields

    env = lane.env
    exchanges = env["exact.exchange"]._enqueue_moves(
        lane.connection, env["account.move"].browse(moves)
    )
    payload = {"SalesEntryLines": [{"AmountFC": 100.0, "Description": "Advies"}] * 3}
    lane.fresh()
    lane.restart()
    lane.in_turns()
    for number, exchange_id in enumerate(exchanges.ids):
        # By itself, or Odoo would read all of them anew after each commit.
        exchange = lane.env["exact.exchange"].browse(exchange_id)
        now = fields.Datetime.now()
        exchange.write({"state": "sending", "attempts": 1, "started_on": now, "payload": payload})
        lane.env["exact.exchange"]._commit(0)
        exact_id = f"00000000-0000-4000-8000-{exchange.id:012d}"
        exchange.write(
            {"state": "done", "done_on": now, "exact_id": exact_id, "exact_number": str(number)}
        )
        move = exchange.move_id
        move.with_context(skip_invoice_sync=True).write(
            {
                "exact_entry_id": exact_id,
                "exact_entry_number": str(number),
                "exact_sent_on": now,
                "exact_sent_by_id": env.uid,
            }
        )
        move._message_log(body=f"In Exact as entry {number}.")
        lane.env["exact.exchange"]._commit(1)
    return len(exchanges)


def reserve(lane, count):
    """A call taken from Exact's limits, as before every call: what all workers share, counted in the database.

    :return: milliseconds, the median of ``count``: so short a time meets other work or it does not
    """
    gate = lane.connection._get_client("click").gate
    taken = []
    for _number in range(count):
        started = time.perf_counter()
        gate.before("POST", "salesentry/SalesEntries")
        taken.append(1000 * (time.perf_counter() - started))
    return statistics.median(taken)


# === RUN === #


def measure(server, sizes, rounds, note):
    """``sizes`` documents of customers that Exact knows, prepared and sent.

    :return: list of measures, one for each size
    """
    found = []
    with (
        Exact(accounts=CUSTOMERS + 40) as exact,
        Exact(accounts=CUSTOMERS + 40) as other,
        Lane(server, exact) as lane,
        Lane(server, other) as rival,
    ):
        for one in (lane, rival):
            one.run("books.connect")
            one.run("books.customers", count=CUSTOMERS)
        for size in sizes:
            pairs, prepared = [], []
            for number in range(rounds):
                note(f"{size} entries, round {number + 1} of {rounds}")
                moves = {one: one.run("books.documents", count=size).value for one in (lane, rival)}
                prepared.append(lane.run("entries.resolve", moves=moves[lane]))
                done = race(
                    {
                        PRODUCT: (lane, "entries.product", {"moves": moves[lane]}),
                        BARE: (rival, "entries.bare", {"moves": moves[rival]}),
                    }
                )
                pairs.append((done[PRODUCT], done[BARE]))
            product, plain = (
                sorted(side, key=lambda one: one.own)[len(side) // 2]
                for side in zip(*pairs, strict=True)
            )
            found.append(
                {
                    "size": size,
                    "ratio": ratio(pairs),
                    "reserve_ms": lane.run("entries.reserve", count=RESERVED).value,
                    "prepare_ms": middle(1000 * one.own / size for one in prepared),
                    "prepare_sql": middle(one.total("sql") / size for one in prepared),
                    "product": product.as_dict(size),
                    "bare": plain.as_dict(size),
                }
            )
    return found
