# ruff: noqa: I001  one a line, so that lines merge; the mapping comes before what fills it
from . import exact_adopt_wizard
from . import exact_auto_send_wizard
from . import exact_batch_wizard
from . import exact_mapping_wizard
from . import exact_mapping_line
from . import exact_mapping_propose
from . import exact_mapping_propose_books
from . import exact_payment_wizard
from . import exact_repair_wizard
