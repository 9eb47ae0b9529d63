{
    "name": "Customer Analytics: Point of Sale",
    "version": "19.0.1.0.0",
    "category": "Sales/CRM",
    "summary": "Receipts of shops are days of purchase",
    "author": "CRM Suite contributors",
    "license": "LGPL-3",
    "depends": ["crm_analytics", "point_of_sale"],
    "auto_install": True,
    "post_init_hook": "post_init_hook",
    "uninstall_hook": "uninstall_hook",
}
