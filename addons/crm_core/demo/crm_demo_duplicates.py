from odoo import api, models


class CrmDemoStory(models.AbstractModel):
    """Customers entered twice, as it happens."""

    _inherit = "crm.demo.story"

    @api.model
    def _create_duplicates(self):
        Partner = self.env["res.partner"]
        known = Partner.search([("name", "in", ("Old Mill Hotel", "Tidewater Insurance"))])
        for partner in known:
            Partner.create(
                {
                    "name": partner.name.replace("Hotel", "Hotell").replace("Insurance", "Insurances Inc."),
                    "is_company": True,
                    "email": partner.email,
                    "phone": partner.phone,
                    "city": partner.city,
                    "zip": partner.zip,
                    "street": "2nd floor",
                    "country_id": partner.country_id.id,
                }
            )
        self.env["crm.duplicate.candidate"]._find()
