{
    "name": "Customer Relations: Automation Rules",
    "version": "19.0.1.0.0",
    "category": "Sales/CRM",
    "summary": "New contacts of the timeline start automation rules and webhooks",
    "author": "CRM Suite contributors",
    "license": "LGPL-3",
    "depends": ["crm_core", "base_automation"],
    "auto_install": True,
}
