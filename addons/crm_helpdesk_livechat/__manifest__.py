{
    "name": "Helpdesk: Live Chat",
    "version": "19.0.1.0.0",
    "category": "Services/Helpdesk",
    "summary": "A live chat becomes a ticket, by the command /ticket or by a chatbot",
    "author": "CRM Suite contributors",
    "license": "LGPL-3",
    "depends": ["crm_helpdesk", "im_livechat"],
    "data": [
        "views/chatbot_script_step_views.xml",
        "views/helpdesk_ticket_views.xml",
    ],
    "assets": {
        "web.assets_backend": ["crm_helpdesk_livechat/static/src/**/*"],
        "web.assets_unit_tests": ["crm_helpdesk_livechat/static/tests/*.test.js"],
    },
    "auto_install": True,
}
