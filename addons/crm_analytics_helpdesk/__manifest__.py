{
    "name": "Customer Analytics: Helpdesk",
    "version": "19.0.1.0.0",
    "category": "Sales/CRM",
    "summary": "Tickets in the relationship pyramid: answers, promises kept, satisfaction",
    "author": "CRM Suite contributors",
    "license": "LGPL-3",
    "depends": ["crm_analytics", "crm_helpdesk"],
    "data": ["data/crm_analytics_subject.xml"],
    "demo": ["demo/story.xml"],
    "auto_install": True,
}
