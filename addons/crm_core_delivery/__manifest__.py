{
    "name": "Customer Relations: Delivery Fees",
    "version": "19.0.1.0.0",
    "category": "Sales/CRM",
    "summary": "Delivery fees are no products bought, and none to offer",
    "author": "CRM Suite contributors",
    "license": "LGPL-3",
    "depends": ["crm_core", "delivery"],
    "auto_install": True,
    "post_init_hook": "post_init_hook",
    "uninstall_hook": "uninstall_hook",
}
