# ruff: noqa: I001  one a line, so that lines merge
from . import exact_connected_view
from . import exact_billable
from . import res_partner
from . import sale_order_exact
from . import exact_billable_sale
from . import exact_connection
from . import exact_invoice_maker
from . import account_move
from . import exact_exchange
from . import exact_connection_example
from . import exact_exchange_selection
