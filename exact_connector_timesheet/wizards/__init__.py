from . import exact_uninvoiced
