{
    "name": "Customer Relations: Web Shop",
    "version": "19.0.1.0.0",
    "category": "Sales/CRM",
    "summary": "Carts of the web shop are no open quotations",
    "author": "CRM Suite contributors",
    "license": "LGPL-3",
    "depends": ["crm_core", "website_sale"],
    "auto_install": True,
    "post_init_hook": "post_init_hook",
    "uninstall_hook": "uninstall_hook",
}
