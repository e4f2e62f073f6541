{
    "name": "Exact Online Connector: Expenses",
    "summary": "Let Exact Online invoice expenses and trips",
    "version": "19.0.1.1.0",
    "category": "Accounting/Accounting",
    "license": "LGPL-3",
    "author": "exact_connector contributors",
    "website": "https://github.com/exact-connector/exact_connector",
    "depends": ["exact_connector_sale", "sale_expense"],
    "data": [
        "views/hr_expense_views.xml",
        "views/product_views.xml",
    ],
    "post_init_hook": "post_init_hook",
    "uninstall_hook": "uninstall_hook",
    "auto_install": True,
}
