{
    "name": "Customer Relations: Mailings",
    "version": "19.0.1.0.0",
    "category": "Sales/CRM",
    "summary": "Mailings reach those alone who agreed; opt-outs are consents taken back",
    "author": "CRM Suite contributors",
    "license": "LGPL-3",
    "depends": ["crm_core", "mass_mailing"],
    "data": [
        "security/ir.model.access.csv",
        "views/mailing_mailing_views.xml",
        "views/mailing_list_views.xml",
        "views/crm_target_group_views.xml",
    ],
    "assets": {
        "web.assets_backend": ["crm_core_mass_mailing/static/src/**/*"],
    },
    "auto_install": True,
    "post_init_hook": "post_init_hook",
    "uninstall_hook": "uninstall_hook",
}
