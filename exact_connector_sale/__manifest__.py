{
    "name": "Exact Online Connector: Sales",
    "summary": "Let Exact Online invoice sales orders",
    "version": "19.0.1.0.0",
    "category": "Accounting/Accounting",
    "license": "LGPL-3",
    "author": "exact_connector contributors",
    "website": "https://github.com/exact-connector/exact_connector",
    "depends": ["exact_connector", "sale_management"],
    "data": [
        "security/ir.model.access.csv",
        "security/exact_rules_uninvoiced.xml",
        "views/exact_invoice_start_views.xml",
        "views/exact_uninvoiced_views.xml",
        "views/exact_uninvoiced_line_views.xml",
        "views/sale_order_views.xml",
        "security/exact_invoice_wizard_rules.xml",
        "views/exact_invoice_wizard_views.xml",
    ],
    "assets": {
        "web.assets_backend": ["exact_connector_sale/static/src/**/*"],
    },
    "auto_install": True,
}
