{
    "name": "Customer Relations: Margins",
    "version": "19.0.1.0.0",
    "category": "Sales/CRM",
    "summary": "What we earn with each customer, beside what he orders",
    "author": "CRM Suite contributors",
    "license": "LGPL-3",
    "depends": ["crm_core", "sale_margin"],
    "data": [
        "views/crm_customer_stat_views.xml",
    ],
    "auto_install": True,
    "post_init_hook": "post_init_hook",
    "uninstall_hook": "uninstall_hook",
}
