{
    "name": "Helpdesk: Time Spent",
    "version": "19.0.1.0.0",
    "category": "Services/Helpdesk",
    "summary": "Time spent on tickets, and hours the customer has paid in advance",
    "author": "CRM Suite contributors",
    "license": "LGPL-3",
    "depends": ["crm_helpdesk", "sale_timesheet"],
    "data": [
        "security/rules.xml",
        "views/account_analytic_line_views.xml",
        "views/helpdesk_team_views.xml",
        "views/helpdesk_ticket_views.xml",
    ],
    "demo": ["demo/helpdesk_timesheet.xml"],
    "pre_init_hook": "pre_init_hook",
    "auto_install": True,
}
