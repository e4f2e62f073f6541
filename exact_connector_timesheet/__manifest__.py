{
    "name": "Exact Online Connector: Timesheets",
    "summary": "Let Exact Online invoice hours",
    "version": "19.0.1.1.0",
    "category": "Accounting/Accounting",
    "license": "LGPL-3",
    "author": "exact_connector contributors",
    "website": "https://github.com/exact-connector/exact_connector",
    "depends": ["exact_connector_sale", "sale_timesheet"],
    "data": [
        "views/account_analytic_line_views.xml",
        "views/exact_connection_views.xml",
        "views/exact_uninvoiced_views.xml",
        "views/hr_employee_views.xml",
        "views/project_views.xml",
    ],
    "post_init_hook": "post_init_hook",
    "auto_install": True,
}
