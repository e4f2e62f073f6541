"""The add-on's tests; they need the simulator, which lies beside the add-on in the repository."""

# ruff: noqa: I001  one a line, so that lines merge
from importlib.util import find_spec

if find_spec("exact_simulator"):
    from . import test_activity_item
    from . import test_bad_input
    from . import test_hours
    from . import test_invoice_amounts
    from . import test_left_behind
    from . import test_not_twice
    from . import test_screens
    from . import test_security_sweep
    from . import test_taken
    from . import test_translations
    from . import test_without_order
