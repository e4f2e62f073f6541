"""Fill a database with Odoo's modules. Run as a program of its own, since Odoo keeps its state in the process.

python build_template.py base|addon DATABASE ADDONS_PATH DATA_DIR
"""

import re
import sys
import time

import odoo
from odoo import SUPERUSER_ID, api
from odoo.modules.registry import Registry
from odoo.tools import config

NO_BUNDLE = re.compile("unit_tests|tests_assets|qunit|_dark$")
LANGUAGES = ("nl_NL", "fr_FR", "de_DE")
# crons that would call services on the internet from a throw-away database
CALLING_CRONS = (
    "mail.ir_cron_module_update_notification",
    "account_edi_proxy_client.ir_cron_update_notification",
)


def progress(text: str, began: float) -> None:
    """Tell the waiting parent what was done."""
    print(f"PROGRESS {text}: {time.monotonic() - began:.1f} s", flush=True)


def with_environment(database: str, work) -> None:
    """Run `work(env)` as superuser in one transaction."""
    with Registry(database).cursor() as cursor:
        work(api.Environment(cursor, SUPERUSER_ID, {}))


def install(database: str, *modules: str) -> None:
    """Install modules and what they depend on."""
    began = time.monotonic()
    Registry.new(database, update_module=True, install_modules=modules, new_db_demo=False)
    progress(", ".join(modules), began)


def make_dutch(env) -> None:
    """Turn the first company into one in the Netherlands, before a chart of accounts is chosen for it."""
    company = env.ref("base.main_company")
    company.partner_id.write(
        {
            "name": "Noord Advies B.V.",
            "street": "Keizersgracht 1",
            "zip": "1015 CC",
            "city": "Amsterdam",
            "country_id": env.ref("base.nl").id,
        }
    )
    company.currency_id = env.ref("base.EUR")
    env.ref("base.EUR").active = True
    # attachments in the database: a copy of it is then complete without a copy of the file store
    env["ir.config_parameter"].set_param("ir_attachment.location", "db")


def finish_base(env) -> None:
    """Check the chart of accounts, load the languages and leave nothing in the file store."""
    began = time.monotonic()
    company = env.ref("base.main_company")
    if company.chart_template != "nl":
        env["account.chart.template"].try_loading("nl", company=company, install_demo=False)
    if company.chart_template != "nl" or company.currency_id.name != "EUR":
        raise SystemExit(f"the company has chart {company.chart_template}, not the Dutch one")
    progress("Dutch chart of accounts", began)
    began = time.monotonic()
    for code in LANGUAGES:
        env["res.lang"]._activate_lang(code)
    modules = env["ir.module.module"].search([("state", "=", "installed")])
    modules._update_translations(LANGUAGES)
    progress("languages " + " ".join(LANGUAGES), began)
    for xmlid in CALLING_CRONS:
        cron = env.ref(xmlid, raise_if_not_found=False)
        if cron:
            cron.active = False
    env["ir.attachment"].force_storage()


def make_assets(env) -> None:
    """Build the asset bundles, which otherwise costs the first browser half a minute.

    As `ir.qweb._pregenerate_assets_bundles` does, but for the bundles that no browser of ours asks for; they
    are more than half of the work.
    """
    began = time.monotonic()
    qweb = env["ir.qweb"]
    for kind, bundles in zip(("js", "css"), qweb._get_bundles_to_pregenarate(), strict=True):
        for bundle in sorted(bundles):
            if not NO_BUNDLE.search(bundle):
                found = qweb._get_asset_bundle(bundle, css=kind == "css", js=kind == "js")
                getattr(found, kind)()
    progress("asset bundles", began)


def main() -> None:
    """Do what the command line says."""
    layer, database, addons_path, data_dir = sys.argv[1:5]
    config.parse_config(
        [
            f"--data-dir={data_dir}",
            *([f"--addons-path={addons_path}"] if addons_path else []),
            "--max-cron-threads=0",
            "--log-level=warn",
            "--http-interface=127.0.0.1",
        ]
    )
    odoo.modules.module.initialize_sys_path()
    if layer == "base":
        install(database, "base")
        with_environment(database, make_dutch)
        install(database, "account", "l10n_nl")
        with_environment(database, finish_base)
        with_environment(database, make_assets)
    else:
        install(database, *sys.argv[5:])
        with_environment(database, make_assets)


if __name__ == "__main__":
    main()
