"""For every test: how hypothesis searches, and what begins first."""

import os

from hypothesis import HealthCheck, settings

# A busy machine is no finding; what CI looks at is the same each time, so that a change decides the result.
settings.register_profile(
    "exact",
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    derandomize=bool(os.environ.get("CI")),
)
settings.load_profile("exact")

# Two workers share the tests class by class, or file by file, in this order: what takes long begins first, so that
# neither waits for the other at the end. The names are those of files; see the times in .cache/reports.
LONGEST = (
    "test_amounts.py",
    "test_invoice_amounts.py",
    "test_upgrade.py",
    "test_invoice_in_exact.py",
    "test_main_way.py",
    "test_newcomer.py",
    "test_exactly_once.py",
    "test_isolation.py",
    "test_lines_dimension.py",
    "test_notices.py",
    "test_payment.py",
    "test_expense_invoice.py",
)


def pytest_collection_modifyitems(items):
    """The longest first; the others stay as they are."""
    rank = {name: number for number, name in enumerate(LONGEST)}
    items.sort(key=lambda item: rank.get(item.path.name, len(LONGEST)))
