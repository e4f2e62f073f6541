"""The add-on's tests; they need the simulator, which lies beside the add-on in the repository."""

from importlib.util import find_spec

if find_spec("exact_simulator"):
    from . import test_translations
from . import (
    test_activity_item,
    test_bad_input,
    test_hours,
    test_left_behind,
    test_rights,
    test_screens,
    test_taken,
    test_without_order,
)
