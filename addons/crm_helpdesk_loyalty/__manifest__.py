{
    "name": "Helpdesk: Coupons",
    "version": "19.0.1.0.0",
    "category": "Services/Helpdesk",
    "summary": "Coupons and gift cards for the customer of a ticket, which shows whether they are used",
    "author": "CRM Suite contributors",
    "license": "LGPL-3",
    "depends": ["crm_helpdesk", "sale_loyalty"],
    "data": [
        "security/rules.xml",
        "views/helpdesk_request_views.xml",
    ],
    "auto_install": True,
}
