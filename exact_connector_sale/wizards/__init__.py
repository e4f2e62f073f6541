# ruff: noqa: I001  one a line, so that lines merge
from . import exact_uninvoiced
from . import exact_uninvoiced_line
from . import exact_invoice_start
from . import exact_invoice_wizard
from . import exact_invoice_wizard_plan
from . import exact_invoice_wizard_rows
from . import exact_invoice_wizard_send
from . import exact_invoice_wizard_start
