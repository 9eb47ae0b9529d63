{
    "name": "Customer Analytics: Mailings",
    "version": "19.0.1.0.0",
    "category": "Sales/CRM",
    "summary": "What the mailings of a campaign reached, and their share of the orders",
    "author": "CRM Suite contributors",
    "license": "LGPL-3",
    "depends": ["crm_analytics", "crm_core_mass_mailing"],
    "data": ["views/crm_analytics_campaign_views.xml"],
    "demo": ["demo/story.xml"],
    "auto_install": True,
}
