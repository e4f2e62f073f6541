"""What must outlive an add-on that is taken out: a file on its line in Odoo's list of apps.

It names documents and their IDs in Exact, so that they are not made there a second time should the add-on be put in
again. No tokens, no amounts, nobody's name.
"""

import json

from odoo.tools.json import json_default


def _files(env, addon):
    module = env["ir.module.module"].sudo().search([("name", "=", addon)])
    domain = [
        ("res_model", "=", module._name),
        ("res_id", "=", module.id),
        ("name", "=", f"{addon}.kept.json"),
    ]
    return module, env["ir.attachment"].sudo().search(domain)


def keep(env, addon, data):
    """Keep this in place of what was kept before; nothing where it is empty."""
    module, files = _files(env, addon)
    files.unlink()
    if data:
        files.create(
            {
                "name": f"{addon}.kept.json",
                "res_model": module._name,
                "res_id": module.id,
                "raw": json.dumps(data, default=json_default).encode(),
                "mimetype": "application/json",
            }
        )


def kept(env, addon):
    """What was kept: a dict, empty where nothing was."""
    _module, files = _files(env, addon)
    return json.loads(files[0].raw) if files else {}
