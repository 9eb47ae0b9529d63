{
    "name": "Customer Relations: Rewards",
    "version": "19.0.1.0.0",
    "category": "Sales/CRM",
    "summary": "Rewards are no products bought and none to offer; points in the timeline",
    "author": "CRM Suite contributors",
    "license": "LGPL-3",
    "depends": ["crm_core", "sale_loyalty"],
    "assets": {
        "web.assets_backend": ["crm_core_loyalty/static/src/**/*"],
    },
    "auto_install": True,
    "post_init_hook": "post_init_hook",
    "uninstall_hook": "uninstall_hook",
}
