"""``make bench``: measure, keep the figures, write docs/performance.md anew.

EXACT_BENCH_SIZE   small (some minutes), medium, full: how many records
EXACT_BENCH_ONLY   customers, entries, payments, clicks: some of them, comma-separated
"""

import json
import os
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tools"))

from harness import Postgres, ServerError
from provisioning.common import CACHE, ROOT, ProvisionError

from . import clicks, customers, entries, machine, payments, plot, report

# Size -> records: customers with rounds; entries; (open documents, paid at a time); exchanges.
SIZES = {
    "small": {
        "customers": [(1000, 1), (3000, 1)],
        "entries": [20, 100],
        "payments": [(200, [20]), (1000, [50, 200])],
        "clicks": 1000,
        "rounds": 1,
    },
    "medium": {
        "customers": [(1000, 3), (10_000, 3)],
        "entries": [100, 1000],
        "payments": [(1000, [50]), (10_000, [50, 1000])],
        "clicks": 5000,
        "rounds": 3,
    },
    "full": {
        "customers": [(1000, 3), (10_000, 1), (100_000, 1)],
        "entries": [100, 1000],
        "payments": [(1000, [50]), (10_000, [50, 5000])],
        "clicks": 5000,
        "rounds": 3,
    },
}
PARTS = ("customers", "entries", "payments", "clicks")


def main():
    """Run what is asked for; 1 where something could not be measured."""
    size = os.environ.get("EXACT_BENCH_SIZE", "medium")
    wanted = [part for part in os.environ.get("EXACT_BENCH_ONLY", "").split(",") if part]
    if size not in SIZES or set(wanted) - set(PARTS):
        print(__doc__)
        return 2
    plan, started = SIZES[size], time.monotonic()

    def note(text):
        print(f"{time.monotonic() - started:6.0f} s  {text}", flush=True)

    kept = CACHE / "reports" / "bench.json"
    kept.parent.mkdir(parents=True, exist_ok=True)
    found = {}
    if wanted and kept.exists():
        # The other parts stand as they were measured.
        found = json.loads(kept.read_text())
    try:
        with Postgres() as server:
            server.sweep()
            found |= {"size": size, "machine": machine.facts(server)}
            for part in wanted or PARTS:
                for measured in _measures(part, server, plan, note):
                    found[part] = measured
                    # The largest take an hour: what is measured is kept should it not come to its end.
                    kept.write_text(json.dumps(found, indent=1))
    except (ProvisionError, ServerError) as problem:
        print(f"error: {problem}", file=sys.stderr)
        return 1
    found["seconds"] = round(time.monotonic() - started)
    kept.write_text(json.dumps(found, indent=1))
    print(report.table(found))
    if os.environ.get("EXACT_BENCH_DOC", "1") != "0":
        plot.draw(found, ROOT / "docs" / "performance.svg")
        report.write(found, ROOT / "docs" / "performance.md")
        note("docs/performance.md and docs/performance.svg are written anew")
    return 0


def _measures(part, server, plan, note):
    """Generator: the measures of this part so far, after each size."""
    rounds, so_far = plan["rounds"], []
    if part == "customers":
        for count, times in plan["customers"]:
            so_far.append(customers.measure(server, count, times, note))
            yield so_far
    elif part == "entries":
        yield entries.measure(server, plan["entries"], rounds, note)
    elif part == "payments":
        for count, paid in plan["payments"]:
            so_far += payments.measure(server, count, paid, rounds, note)
            yield so_far
    else:
        yield clicks.measure(server, plan["clicks"], note)


if __name__ == "__main__":
    sys.exit(main())
