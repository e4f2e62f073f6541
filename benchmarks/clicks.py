"""What a person waits for: a press of a button, a list, a form; the server's part of it."""

from .lanes import Exact, Lane, middle

CUSTOMERS = 60
TIMES = 9


# === MEASURED === #


def send(lane, moves):
    """The button on one invoice, again and again, each on another one; from the press to the notice."""
    for number in moves:
        move = lane.user["account.move"].browse(number)
        lane.fresh()
        lane.meter.start()
        answer = move.action_exact_create_sales_entry()
        lane.fresh()
        lane.count()
        assert answer["params"]["type"] == "success", answer


def open_list(lane, model, action, limit=80):
    """A page of a list, with all that its columns show, and the count below it."""
    domain, specification = [], _specification(lane, model, "list", action)
    records = lane.user[model]
    for _n in range(TIMES):
        lane.fresh()
        lane.meter.start()
        found = records.web_search_read(domain, specification, limit=limit, count_limit=10001)
        lane.count()
    return [len(found["records"]), found["length"]]


def open_form(lane, model, ids, without_ours=False):
    """A form with all that it shows.

    :param without_ours: the same without the fields that this product adds.
    """
    specification = _specification(lane, model, "form")
    if without_ours:
        specification = {name: one for name, one in specification.items() if "exact" not in name}
    for number in ids:
        lane.fresh()
        lane.meter.start()
        lane.user[model].browse(number).web_read(specification)
        lane.count()
    return len(specification)


def _specification(lane, model, kind, action=None):
    """What the web client asks for with a view: the fields of its arch, lists within a form too."""
    from lxml import etree

    view = lane.env.ref(action).id if action else False
    views = lane.user[model].get_views([(view, kind)])
    arch = etree.fromstring(views["views"][kind]["arch"])
    return _fields(lane, arch, lane.user[model])


def _fields(lane, arch, records):
    found = {}
    for node in arch.iter("field"):
        if any(parent.tag in ("list", "kanban", "form") for parent in node.iterancestors(arch.tag)):
            pass
        inside = [one for one in node.iterancestors() if one is not arch and one.tag == "field"]
        name = node.get("name")
        if inside or name not in records._fields:
            continue
        field = records._fields[name]
        if field.type in ("one2many", "many2many"):
            sub = node.find("list")
            comodel = lane.user[field.comodel_name]
            fields = _fields(lane, sub, comodel) if sub is not None else {"display_name": {}}
            found[name] = {"fields": fields, "limit": 40}
        elif field.type == "many2one":
            found[name] = {"fields": {"display_name": {}}}
        else:
            found[name] = {}
    return found


def exchanges(lane, count):
    """Exchanges that are done, ``count`` in all: copies of those that are there."""
    lane.fresh()
    cr = lane.cr
    cr.execute("SELECT id, move_id FROM exact_exchange WHERE kind = 'sales_entry' LIMIT 1")
    pattern, _move = cr.fetchone()
    cr.execute("SELECT count(*) FROM exact_exchange")
    (there,) = cr.fetchone()
    cr.execute(
        "SELECT column_name FROM information_schema.columns WHERE table_name = 'exact_exchange' "
        "AND column_name NOT IN ('id', 'move_id', 'kind')"
    )
    names = ", ".join(f'"{name}"' for (name,) in cr.fetchall())
    # Of a kind that a document may have many of, each on one of the documents that are there.
    cr.execute(
        f"INSERT INTO exact_exchange ({names}, kind, move_id) "
        f"SELECT {names}, 'entry_update', m.id FROM exact_exchange e, "
        "(SELECT id, row_number() OVER () - 1 AS n, count(*) OVER () AS moves "
        "FROM account_move WHERE move_type = 'out_invoice') m, generate_series(0, %s) s "
        "WHERE e.id = %s AND s %% m.moves = m.n",
        [count - there - 1, pattern],
    )
    lane.commit()
    lane.analyze()


def invoices(lane, count):
    """IDs of documents that are in Exact."""
    moves = lane.env["account.move"].search([("exact_entry_id", "!=", False)], limit=count)
    return moves.ids


# === RUN === #


def measure(server, count, note):
    """Each several times, the middle counts; the first of each is left out, as it fills Odoo's caches."""
    found = {}

    def keep(name, result, **more):
        steps = result.slices[1:]
        found[name] = {
            key: middle(one[key] for one in steps) for key in ("own", "wall", "net", "sql")
        } | {"calls": len(result.calls) / len(result.slices), **more}

    with Exact(accounts=CUSTOMERS + 40) as exact, Lane(server, exact) as lane:
        note("clicks")
        lane.run("books.connect")
        lane.run("books.customers", count=CUSTOMERS)
        moves = lane.run("books.documents", count=100).value
        keep("send", lane.run("clicks.send", moves=moves[: TIMES + 1]))
        sent = moves[: TIMES + 1]
        few = _list(lane)
        keep("list_few", few, count=few.value[1])
        lane.run("clicks.exchanges", count=count)
        many = _list(lane)
        keep("list_many", many, count=many.value[1])
        bare = lane.run("clicks.open_form", model="account.move", ids=sent, without_ours=True)
        keep("form_bare", bare, fields=bare.value)
        form = lane.run("clicks.open_form", model="account.move", ids=sent)
        keep("form", form, fields=form.value)
    return found


def _list(lane):
    return lane.run("clicks.open_list", model="exact.exchange", action=None)
