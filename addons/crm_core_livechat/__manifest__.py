{
    "name": "Customer Relations: Live Chat",
    "version": "19.0.1.0.0",
    "category": "Sales/CRM",
    "summary": "Live chats of known customers in their timeline",
    "author": "CRM Suite contributors",
    "license": "LGPL-3",
    "depends": ["crm_core", "im_livechat"],
    "assets": {
        "web.assets_backend": ["crm_core_livechat/static/src/**/*"],
    },
    "auto_install": True,
    "post_init_hook": "post_init_hook",
    "uninstall_hook": "uninstall_hook",
}
