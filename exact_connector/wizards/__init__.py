from . import exact_mapping_wizard
