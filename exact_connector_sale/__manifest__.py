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
    ],
    "auto_install": True,
}
