{
    "name": "Customer Analytics: Loyalty",
    "version": "19.0.1.0.0",
    "category": "Sales/CRM",
    "summary": "Loyalty programs on the analytics screen: members, points, revenue beside others",
    "author": "CRM Suite contributors",
    "license": "LGPL-3",
    "depends": ["crm_analytics", "sale_loyalty"],
    "auto_install": True,
}
