{
    "name": "Customer Relations Core",
    "version": "19.0.1.0.0",
    "category": "Sales/CRM",
    "summary": "The customer's whole business on one screen, and the next offer from it",
    "author": "CRM Suite contributors",
    "license": "LGPL-3",
    "depends": [
        "sale_management",
        "sale_crm",
        "sale_stock",
        "account",
        "portal",
        "phone_validation",
        "privacy_lookup",
    ],
    "data": [
        "security/groups.xml",
    ],
    "application": True,
}
