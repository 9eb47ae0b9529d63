{
    "name": "Helpdesk: Repairs",
    "version": "19.0.1.0.0",
    "category": "Services/Helpdesk",
    "summary": "Repairs are asked for and made on the ticket, which shows how far they are",
    "author": "CRM Suite contributors",
    "license": "LGPL-3",
    "depends": ["crm_helpdesk", "repair"],
    "data": [
        "security/rules.xml",
        "views/helpdesk_request_views.xml",
    ],
    "auto_install": True,
}
