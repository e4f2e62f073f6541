"""Makes ``exact_connector.client`` importable without Odoo, and gives a server of exact answers."""

import sys
import types
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))
if "exact_connector" not in sys.modules:
    # The add-on's own __init__ imports Odoo; the client does not need it.
    package = types.ModuleType("exact_connector")
    package.__path__ = [str(ROOT / "exact_connector")]
    sys.modules["exact_connector"] = package
