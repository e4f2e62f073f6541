"""How each grows with the number of records, as a picture."""

from pathlib import Path

OURS, THEIRS = "#2563eb", "#9ca3af"


def draw(found, path):
    """Four panels: import by size, what is unchanged, entries and settlements, memory."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    pyplot.rcParams |= {"svg.hashsalt": "exact", "font.size": 9, "axes.spines.top": False}
    pyplot.rcParams |= {"axes.spines.right": False, "svg.fonttype": "none"}
    figure, panels = pyplot.subplots(2, 2, figsize=(10, 6.6))
    _import(panels[0][0], found.get("customers", []))
    _unchanged(panels[0][1], found.get("customers", []))
    _per_document(panels[1][0], found)
    _memory(panels[1][1], found)
    figure.tight_layout()
    Path(path).parent.mkdir(exist_ok=True)
    figure.savefig(path, metadata={"Date": None, "Creator": None})
    pyplot.close(figure)


def _import(panel, measures):
    panel.set_title("First import: milliseconds a customer, page by page")
    panel.set_xlabel("customers so far")
    curve = max((one["curve"] for one in measures), key=len, default=[])
    if curve:
        sizes, ours, theirs = zip(*curve, strict=True)
        panel.plot(sizes, ours, color=OURS, label="product")
        panel.plot(sizes, theirs, color=THEIRS, label="bare ORM")
        panel.set_ylim(bottom=0)
        panel.legend(frameon=False)


def _unchanged(panel, measures):
    panel.set_title("Import again: seconds by number of customers")
    panel.set_xlabel("customers")
    sizes = [one["size"] for one in measures]
    panel.plot(
        sizes,
        [one["unchanged"]["own_s"] for one in measures],
        marker="o",
        color=OURS,
        label="nothing changed",
    )
    panel.plot(
        sizes,
        [one["changed"]["product"]["own_s"] for one in measures],
        marker="s",
        color="#f59e0b",
        label="1 % changed",
    )
    panel.set_xscale("log")
    panel.set_yscale("log")
    panel.axhline(1, color=THEIRS, linestyle=":", linewidth=1)
    panel.legend(frameon=False)


def _per_document(panel, found):
    panel.set_title("Milliseconds a document, by how many")
    labels, ours, theirs = [], [], []
    for one in found.get("entries", []):
        labels.append(f"{one['size']:,}\nsent")
        ours.append(one["product"]["ms_each"])
        theirs.append(one["bare"]["ms_each"])
    for one in found.get("payments", []):
        if one["paid"]:
            labels.append(f"{one['paid']:,} paid\nof {one['open']:,}")
            ours.append(one["product"]["ms_each"])
            theirs.append(one["bare"]["ms_each"])
    places = range(len(labels))
    panel.bar([place - 0.2 for place in places], ours, 0.4, color=OURS, label="product")
    panel.bar([place + 0.2 for place in places], theirs, 0.4, color=THEIRS, label="bare ORM")
    panel.set_xticks(list(places), labels)
    panel.legend(frameon=False)


def _memory(panel, found):
    panel.set_title("Memory at its highest: megabytes, by records")
    panel.set_xlabel("records in one run")
    lines = (
        (
            "import",
            OURS,
            [(one["size"], one["memory"]["product"]) for one in found.get("customers", [])],
        ),
        (
            "entries sent",
            "#f59e0b",
            [(one["size"], one["product"]["memory_mb"]) for one in found.get("entries", [])],
        ),
        (
            "settled",
            "#16a34a",
            [
                (one["paid"], one["product"]["memory_mb"])
                for one in found.get("payments", [])
                if one["paid"]
            ],
        ),
    )
    for label, colour, points in lines:
        if points:
            sizes, megabytes = zip(*sorted(points), strict=True)
            panel.plot(sizes, megabytes, marker="o", color=colour, label=label)
    panel.set_xscale("log")
    panel.set_ylim(bottom=0)
    panel.legend(frameon=False)
