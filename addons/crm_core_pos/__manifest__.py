{
    "name": "Customer Relations: Point of Sale",
    "version": "19.0.1.0.0",
    "category": "Sales/CRM",
    "summary": "What customers bought in a shop, in their timeline",
    "author": "CRM Suite contributors",
    "license": "LGPL-3",
    "depends": ["crm_core", "point_of_sale"],
    "assets": {
        "web.assets_backend": ["crm_core_pos/static/src/**/*"],
    },
    "auto_install": True,
    "post_init_hook": "post_init_hook",
    "uninstall_hook": "uninstall_hook",
}
