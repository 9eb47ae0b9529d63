{
    "name": "Customer Relations: Events",
    "version": "19.0.1.0.0",
    "category": "Sales/CRM",
    "summary": "Events that customers booked and attended, in their timeline",
    "author": "CRM Suite contributors",
    "license": "LGPL-3",
    "depends": ["crm_core", "event"],
    "assets": {
        "web.assets_backend": ["crm_core_event/static/src/**/*"],
    },
    "auto_install": True,
    "post_init_hook": "post_init_hook",
    "uninstall_hook": "uninstall_hook",
}
