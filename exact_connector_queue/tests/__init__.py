"""The add-on's tests; they need the simulator, which lies beside the add-on in the repository."""

from importlib.util import find_spec

if find_spec("exact_simulator"):
    from . import test_job, test_queue, test_safety_net, test_translations
