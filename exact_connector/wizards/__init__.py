from . import exact_adopt_wizard, exact_auto_send_wizard, exact_mapping_wizard, exact_repair_wizard
from . import exact_adopt_wizard, exact_mapping_wizard, exact_repair_wizard
from . import exact_mapping_wizard, exact_payment_wizard
from . import (
    exact_adopt_wizard,
    exact_mapping_wizard,
    exact_payment_wizard,
    exact_repair_wizard,
)
