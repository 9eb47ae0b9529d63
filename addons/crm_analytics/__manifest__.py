{
    "name": "Customer Analytics",
    "version": "19.0.1.0.0",
    "category": "Sales/CRM",
    "summary": "Who our customers are, what they are worth, what they will do, and what we will sell",
    "author": "CRM Suite contributors",
    "license": "LGPL-3",
    "depends": ["crm_core"],
    "external_dependencies": {"python": ["numpy"]},
    "data": [
        "security/groups.xml",
        "security/ir.model.access.csv",
        "security/rules.xml",
    ],
    "post_init_hook": "post_init_hook",
    "application": True,
}
