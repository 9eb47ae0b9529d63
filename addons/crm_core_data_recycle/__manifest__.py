{
    "name": "Customer Relations: Data Recycle",
    "version": "19.0.1.0.0",
    "category": "Sales/CRM",
    "summary": "Retention rules that anonymize prospects, and leave alone whoever must be kept",
    "author": "CRM Suite contributors",
    "license": "LGPL-3",
    "depends": ["crm_core", "data_recycle"],
    "data": [
        "data/data_recycle_model.xml",
        "views/data_recycle_record_views.xml",
    ],
    "auto_install": True,
}
