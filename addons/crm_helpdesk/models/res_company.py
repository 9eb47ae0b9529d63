from odoo import api, models

SEQUENCE = "helpdesk.ticket"


class ResCompany(models.Model):
    _inherit = "res.company"

    @api.model_create_multi
    def create(self, vals_list):
        companies = super().create(vals_list)
        companies._helpdesk_ensure_sequences()
        return companies

    def _helpdesk_ensure_sequences(self):
        """Tickets are numbered by company."""
        Sequence = self.env["ir.sequence"].sudo()  # sudo: whoever founds a company may not set up numbers
        have = Sequence.search([("code", "=", SEQUENCE), ("company_id", "in", self.ids)]).company_id
        Sequence.create(
            [
                {
                    "name": f"Tickets of {company.name}",
                    "code": SEQUENCE,
                    "prefix": "T",
                    "padding": 5,
                    "company_id": company.id,
                }
                for company in self - have
            ]
        )
