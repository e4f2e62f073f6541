from . import export, oauth, support, webhook
