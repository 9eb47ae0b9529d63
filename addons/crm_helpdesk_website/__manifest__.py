{
    "name": "Helpdesk: Website",
    "version": "19.0.1.0.0",
    "category": "Services/Helpdesk",
    "summary": "Visitors of the website open tickets by a form that keeps machines out",
    "author": "CRM Suite contributors",
    "license": "LGPL-3",
    "depends": ["crm_helpdesk", "website"],
    "data": [
        "views/helpdesk_team_views.xml",
        "views/website_templates.xml",
    ],
    "assets": {
        "web.assets_tests": ["crm_helpdesk_website/static/tests/tours/**/*"],
    },
    "auto_install": True,
}
