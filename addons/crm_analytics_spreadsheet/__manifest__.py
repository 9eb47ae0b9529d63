{
    "name": "Customer Analytics: Spreadsheet Dashboard",
    "version": "19.0.1.0.0",
    "category": "Sales/CRM",
    "summary": "Customers, value and risk among the ERP's dashboards",
    "author": "CRM Suite contributors",
    "license": "LGPL-3",
    "depends": ["crm_analytics", "spreadsheet_dashboard"],
    "data": ["data/spreadsheet_dashboard.xml"],
    "assets": {
        "web.assets_tests": ["crm_analytics_spreadsheet/static/tests/tours/**/*"],
    },
    "auto_install": True,
}
