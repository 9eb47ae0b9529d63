{
    "name": "Customer Relations: Surveys",
    "version": "19.0.1.0.0",
    "category": "Sales/CRM",
    "summary": "Surveys that customers filled in, in their timeline",
    "author": "CRM Suite contributors",
    "license": "LGPL-3",
    "depends": ["crm_core", "survey"],
    "assets": {
        "web.assets_backend": ["crm_core_survey/static/src/**/*"],
    },
    "auto_install": True,
    "post_init_hook": "post_init_hook",
    "uninstall_hook": "uninstall_hook",
}
