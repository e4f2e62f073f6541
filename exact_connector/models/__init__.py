# ruff: noqa: I001  the order of the floors is the order of loading
# floor 2: connection
from . import exact_authorization
from . import exact_authorization_consent
from . import exact_token
from . import exact_oauth_state
from . import exact_division
from . import exact_connection
from . import exact_connection_sync
from . import exact_connection_sync_documents
from . import exact_connection_mapping
from . import exact_connection_sales
from . import exact_connection_customers
from . import exact_connection_documents
from . import exact_connection_invoicing
from . import exact_connection_consent
from . import exact_connection_probe
from . import exact_connection_setup
from . import exact_connection_app
from . import exact_connection_automatic

# floor 3: reference data
from . import exact_reference
from . import exact_gl_account
from . import exact_vat_code
from . import exact_journal
from . import exact_payment_condition
from . import exact_connection_terms
from . import exact_item
from . import exact_dimension

# floor 4: mapping
from . import exact_mapper
from . import exact_mapper_account
from . import exact_mapper_account_match
from . import exact_mapper_account_merge
from . import exact_mapper_contact
from . import exact_mapper_sales_entry
from . import exact_mapper_sales_line
from . import exact_mapper_payment_condition
from . import exact_mapper_sales_terms
from . import exact_mapper_comparison
from . import exact_mapper_sales_account
from . import exact_mapper_sales_vat
from . import exact_mapper_sales_dimension

from . import exact_connection_use
from . import exact_connection_gaps

# floor 5: exchange
from . import exact_cause
from . import exact_exchange
from . import exact_exchange_problem
from . import exact_exchange_mend
from . import exact_exchange_settle
from . import exact_exchange_drive
from . import exact_exchange_account
from . import exact_exchange_account_update
from . import exact_exchange_sales_entry
from . import exact_exchange_import
from . import exact_exchange_import_contacts
from . import exact_exchange_payment
from . import exact_exchange_step
from . import exact_exchange_document
from . import exact_exchange_correction
from . import exact_exchange_invoice
from . import exact_notice
from . import exact_sync_run

# floor 6: documents
from . import account_move
from . import account_move_terms
from . import account_move_guard
from . import account_move_invoice
from . import account_move_after
from . import account_move_due
from . import account_move_settle
from . import account_move_reopen
from . import account_move_line
from . import account_account
from . import account_analytic
from . import account_journal
from . import account_payment_term
from . import account_tax
from . import product
from . import exact_match
from . import exact_match_candidate
from . import res_partner
from . import res_partner_exact_link
from . import exact_mapped
from . import res_company
from . import res_users
from . import res_config_settings

# fields that only screens need
from . import exact_view_helpers
