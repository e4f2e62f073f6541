{
    "name": "Exact Online Connector: Job Queue",
    "summary": "Bring work to Exact Online with OCA's job queue, a channel for each division",
    "version": "19.0.1.1.0",
    "category": "Accounting/Accounting",
    "license": "LGPL-3",
    "author": "exact_connector contributors",
    "website": "https://github.com/exact-connector/exact_connector",
    "depends": ["exact_connector", "queue_job"],
    "data": [
        "data/queue_job.xml",
        "views/exact_exchange_views.xml",
    ],
    "post_init_hook": "post_init_hook",
    "uninstall_hook": "uninstall_hook",
    "auto_install": True,
}
