"""The figures as a table, and as docs/performance.md, whose words stand in page.md."""

from pathlib import Path

PAGE = Path(__file__).with_name("page.md")

MET, MISSED = "met", "**missed**"


def _row(what, ratio, figures, calls, budget, met):
    verdict = "" if met is None else MET if met else MISSED
    return f"| {what} | {ratio} | {figures} | {calls} | {budget} | {verdict} |"


def _times(number):
    return f"{number:.2f}x" if number else ""


def _count(number):
    return f"{number:,}"


def _each(one):
    return f"{one['ms_each']:.1f} ms, {one['sql_each']:.1f} queries each"


def table(found):
    """One line for each thing measured."""
    lines = [
        "| What | Against the bare ORM | Own time | Calls to Exact | Budget | |",
        "|---|---|---|---|---|---|",
    ]
    for part, rows in (
        ("customers", _customers),
        ("entries", _entries),
        ("payments", _payments),
        ("clicks", _clicks),
    ):
        if part in found:
            lines += rows(found[part])
    return "\n".join(lines)


def _customers(measures):
    for one in measures:
        size, first, same, changed = (one[key] for key in ("size", "first", "unchanged", "changed"))
        calls = first["product"]["calls"]
        most = -(-(size + 2) // 1000)
        yield _row(
            f"First import of {_count(size)} customers",
            _times(first["ratio"]),
            f"{first['product']['own_s']:.1f} s ({_each(first['product'])}; "
            f"bare {first['bare']['ms_each']:.1f} ms, {first['bare']['sql_each']:.1f})",
            calls,
            f"1.3x, {most} calls",
            first["ratio"] <= 1.3 and calls <= most,
        )
        yield _row(
            f"The same {_count(size)} again, nothing changed",
            "",
            f"{same['own_s']:.2f} s, {same['sql']:.0f} queries",
            f"{same['calls']:.0f}",
            "1 s, 1 call",
            same["own_s"] < 1 and same["calls"] <= 1,
        )
        yield _row(
            f"The same {_count(size)} again, {_count(changed['count'])} changed",
            _times(changed["ratio"]),
            f"{changed['product']['own_s']:.2f} s ({_each(changed['product'])})",
            changed["product"]["calls"],
            "",
            None,
        )


def _entries(measures):
    for one in measures:
        product, bare = one["product"], one["bare"]
        yield _row(
            f"{_count(one['size'])} entries prepared, nothing sent",
            "",
            f"{one['prepare_ms']:.1f} ms, {one['prepare_sql']:.1f} queries each",
            0,
            "",
            None,
        )
        yield _row(
            f"{_count(one['size'])} entries sent",
            _times(one["ratio"]),
            f"{_each(product)}, {1000 * product['cpu_s'] / one['size']:.1f} ms of processor "
            f"(bare {_each(bare)}, {1000 * bare['cpu_s'] / one['size']:.1f} ms of processor)",
            f"{product['calls'] / one['size']:g} each",
            "15 ms, 1 call each",
            product["ms_each"] < 15 and product["calls"] <= one["size"],
        )
    # Figures kept from before this was measured lack it.
    if measures and (reserve := measures[-1].get("reserve_ms")):
        yield _row(
            "A call taken from Exact's limits, before it is made",
            "",
            f"{reserve:.1f} ms, 1 query",
            0,
            "",
            None,
        )


def _payments(measures):
    for one in measures:
        if not one["paid"]:
            yield _row(
                f"Paid status, {_count(one['open'])} open, none paid",
                "",
                f"{one['own_s']:.2f} s, {one['sql']:.0f} queries",
                f"{one['calls']:.0f}",
                "by what changed",
                one["calls"] <= 1,
            )
            continue
        product = one["product"]
        # Pages of a thousand changed rows, and what is left of each document, asked for forty at once.
        most = 1 - (-3 * one["paid"] // 1000) - (-one["paid"] // 40)
        yield _row(
            f"Paid status, {_count(one['open'])} open, {_count(one['paid'])} paid",
            _times(one["ratio"]),
            f"{product['own_s']:.1f} s ({_each(product)}; bare {_each(one['bare'])})",
            product["calls"],
            "1.2x, by what changed",
            one["ratio"] <= 1.2 and product["calls"] <= most,
        )


def _clicks(found):
    send = found["send"]
    yield _row(
        "Press of Create Exact Sales Entry on one invoice",
        "",
        f"{1000 * send['own']:.0f} ms, {send['sql']:.0f} queries",
        f"{send['calls']:g}",
        "1 call",
        send["calls"] <= 1,
    )
    few, many = found["list_few"], found["list_many"]
    yield _row(
        f"List of exchanges, {_count(many['count'])} in it",
        f"{many['own'] / few['own']:.2f}x one of {few['count']}",
        f"{1000 * many['own']:.0f} ms, {many['sql']:.0f} queries",
        0,
        "",
        None,
    )
    form, bare = found["form"], found["form_bare"]
    yield _row(
        "Form of an invoice",
        f"{form['own'] / bare['own']:.2f}x the form without our fields",
        f"{1000 * form['own']:.0f} ms, {form['sql']:.0f} queries (without: "
        f"{1000 * bare['own']:.0f} ms, {bare['sql']:.0f})",
        0,
        "",
        None,
    )


def _memory(found):
    lines = ["| What | Grows by at most | Bare ORM |", "|---|---|---|"]
    for one in found.get("customers", ()):
        memory = one["memory"]
        lines.append(
            f"| First import of {_count(one['size'])} customers | {memory['product']:.0f} MB "
            f"| {memory['bare']:.0f} MB |"
        )
    for one in found.get("entries", ()):
        lines.append(
            f"| {_count(one['size'])} entries sent | {one['product']['memory_mb']:.0f} MB "
            f"| {one['bare']['memory_mb']:.0f} MB |"
        )
    for one in found.get("payments", ()):
        if one["paid"]:
            lines.append(
                f"| {_count(one['open'])} open, {_count(one['paid'])} paid "
                f"| {one['product']['memory_mb']:.0f} MB | {one['bare']['memory_mb']:.0f} MB |"
            )
    return "\n".join(lines)


def write(found, path):
    """docs/performance.md."""
    machine = found["machine"]
    facts = (
        f"Machine: {machine['cores']} cores ({machine['processor']}), {machine['memory_gb']:g} GB, "
        f"Python {machine['python']}, PostgreSQL {machine['postgresql']} "
        f"(fsync {machine['fsync']}); load of other work at the start {machine['load']}."
    )
    path.parent.mkdir(exist_ok=True)
    path.write_text(
        PAGE.read_text().format(
            size=found["size"], machine=facts, table=table(found), memory=_memory(found)
        )
    )
