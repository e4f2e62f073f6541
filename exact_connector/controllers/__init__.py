from . import export, oauth, support
