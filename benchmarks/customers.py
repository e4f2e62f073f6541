"""The customer import against a bare batched create of the same values."""

from .lanes import BARE, PRODUCT, Exact, Lane, middle, race, ratio

# Relations in a page of Exact's sync list, and partners in a batch of the bare create.
PAGE = 1000


# === MEASURED === #


def product(lane):
    """The whole import, as the scheduled action does it; slices end with its pages."""
    return _import(lane, in_turns=True)


def again(lane):
    """Nothing changed since; what the night costs on most days."""
    return _import(lane)


def _import(lane, in_turns=False):
    connection = lane.connection
    run = lane.env["exact.exchange"]._enqueue_run(connection, "customer_import").sudo()
    lane.fresh()
    lane.restart()
    if in_turns:
        lane.in_turns()
    run._drive()
    assert run.state == "done", (run.state, run.message, run.exact_message)
    return [run.created_count, run.updated_count, run.unchanged_count, run.failed_count]


def bare(lane):
    """The same values in Odoo's own batched create, one batch a commit, tracking off as the product has it.

    Reading and mapping are not counted.
    """
    from odoo.addons.exact_connector.customer_fields import QUIET

    count = 0
    for values_list in _values(lane):
        partners = lane.env["res.partner"].with_company(lane.connection.company_id)
        lane.fresh()
        lane.meter.start()
        partners.with_context(**QUIET).create(values_list)
        lane.env.flush_all()
        lane.commit()
        lane.turn()
        count += len(values_list)
    lane.meter.start()
    return count


def _values(lane):
    """What the import would create, page by page."""
    connection = lane.connection
    mapper = lane.env["exact.mapper.account"].with_company(connection.company_id)
    partners = lane.env["res.partner"].with_company(connection.company_id)
    links = mapper._get_links(connection)
    pages = connection._get_client().pages(
        "sync/CRM/Accounts", select=[*mapper._select, "Timestamp"], filter="Timestamp gt 1L"
    )
    for rows in pages:
        yield [
            partners._exact_creation_values(mapper._odoo_values(row, links)[0])
            for row in rows
            if mapper._is_wanted(row, connection)
        ]


def write_bare(lane, accounts):
    """The least a change costs: one write of one field a customer, all in one transaction."""
    from odoo.addons.exact_connector.customer_fields import QUIET

    lane.fresh()
    lane.restart()
    partners = lane.env["res.partner"].with_company(lane.connection.company_id)
    found = partners.search([("exact_account_id", "in", accounts)])
    for partner in found.with_context(**QUIET):
        partner.write({"street": f"{partner.street} A"})
    lane.env.flush_all()
    lane.commit()
    return len(found)


def settings(lane, **values):
    """Settings of the connection."""
    lane.connection.write(values)
    lane.fresh()


def accounts(lane, count):
    """IDs of relations of Exact that are linked, spread over all."""
    partners = lane.env["res.partner"].with_company(lane.connection.company_id)
    found = partners.search([("exact_account_id", "!=", False)]).mapped("exact_account_id")
    return found[:: max(len(found) // count, 1)][:count]


def housekeeping(lane):
    """What autovacuum does in the background of a real server."""
    lane.analyze()


# === RUN === #


def measure(server, size, rounds, note):
    """First import, and again unchanged and with 1 % changed, with ``size`` customers.

    :return: (measures, curve): measures as ``report.py`` wants them; curve: list of
        (customers so far, milliseconds a customer for the product, for the bare create)
    """
    firsts, sames, changes, memory, curve, created = [], [], [], [], [], 0
    for number in range(rounds):
        note(f"import of {size}, round {number + 1} of {rounds}")
        with (
            Exact(accounts=size) as exact,
            Exact(accounts=size) as other,
            Lane(server, exact) as lane,
            Lane(server, other) as rival,
        ):
            for one in (lane, rival):
                one.run("books.connect")
                one.run("customers.settings", import_contacts=False)
            found = race(
                {PRODUCT: (lane, "customers.product", {}), BARE: (rival, "customers.bare", {})}
            )
            first, plain = found[PRODUCT], found[BARE]
            created = first.value[0]
            assert created == plain.value, (first.value, plain.value)
            firsts.append((first, plain))
            memory.append((first.memory, plain.memory))
            if not number:
                curve = _curve(first, plain, created)
            lane.run("customers.housekeeping")
            rival.run("customers.housekeeping")
            sames += [lane.run("customers.again") for _n in range(3)]
            chosen = lane.run("customers.accounts", count=max(size // 100, 1)).value
            for account in chosen:
                exact.post(
                    "/_sim/accountant/1001/account", {"account": account, "AddressLine1": "Nieuw 1"}
                )
            changed = lane.run("customers.again")
            assert changed.value[1] == len(chosen), (changed.value, len(chosen))
            least = rival.run("customers.write_bare", accounts=chosen)
            changes.append((changed, least))
    first, plain = firsts[0]
    return {
        "size": created,
        "first": {
            "ratio": ratio(firsts),
            "product": first.as_dict(created),
            "bare": plain.as_dict(created),
        },
        "unchanged": {
            "own_s": middle(same.own for same in sames),
            "wall_s": middle(same.total("wall") for same in sames),
            "sql": middle(same.total("sql") for same in sames),
            "calls": middle(len(same.calls) for same in sames),
        },
        "changed": {
            "count": changes[0][0].value[1],
            "ratio": ratio(changes),
            "product": changes[0][0].as_dict(changes[0][0].value[1]),
            "bare": changes[0][1].as_dict(changes[0][0].value[1]),
        },
        "memory": {
            "product": middle(one for one, _other in memory),
            "bare": middle(other for _one, other in memory),
        },
        "curve": curve,
    }


def _curve(first, plain, created):
    """Milliseconds for a customer, page by page."""
    pages = [one for one in first.slices if one["own"] > 0.05]
    bare_pages = [one for one in plain.slices if one["own"] > 0.05]
    return [
        [min((number + 1) * PAGE, created), one["own"] * 1000 / PAGE, other["own"] * 1000 / PAGE]
        for number, (one, other) in enumerate(zip(pages, bare_pages, strict=False))
    ]
