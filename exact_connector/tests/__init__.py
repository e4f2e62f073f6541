"""The add-on's tests; they need the simulator, which lies beside the add-on in the repository."""

from importlib.util import find_spec

if find_spec("exact_simulator"):
    from . import (
        test_after,
        test_amounts,
        test_budget,
        test_catalogue,
        test_connect,
        test_contacts,
        test_customers,
        test_errors,
        test_gaps,
        test_import,
        test_invoice_copy,
        test_invoice_once,
        test_invoice_send,
        test_isolation,
        test_mapping,
        test_mapping_screens,
        test_match,
        test_never_twice,
        test_notices,
        test_payment,
        test_pdf,
        test_probe,
        test_proposals,
        test_reference,
        test_review,
        test_review3,
        test_rights,
        test_send,
        test_settings,
        test_setup,
        test_sync,
        test_terms,
        test_terms_year,
        test_translations,
        test_waits,
        test_way_out,
    )
from . import test_invoice_mapping, test_lines_account, test_lines_amount, test_lines_dimension
