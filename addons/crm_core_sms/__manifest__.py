{
    "name": "Customer Relations: Text Messages",
    "version": "19.0.1.0.0",
    "category": "Sales/CRM",
    "summary": "Text messages sent to customers, in their timeline",
    "author": "CRM Suite contributors",
    "license": "LGPL-3",
    "depends": ["crm_core", "sms"],
    "assets": {
        "web.assets_backend": ["crm_core_sms/static/src/**/*"],
    },
    "auto_install": True,
    "post_init_hook": "post_init_hook",
    "uninstall_hook": "uninstall_hook",
}
