from odoo import fields, models


class CrmActionRule(models.Model):
    _inherit = "crm.action.rule"

    owner_kind = fields.Selection(
        selection_add=[("helpdesk_leader", "The Leader of the Helpdesk Team That Was Rated")],
        ondelete={"helpdesk_leader": "set default"},
    )

    def _get_owners(self, customer_ids):
        owners = super()._get_owners(customer_ids)
        if self.owner_kind != "helpdesk_leader":
            return owners
        rated = self.env["crm.action.fact"]._get_last_ratings(list(customer_ids), self.company_id)
        return {**owners, **{id_: leader for id_, _number, _rating, _days, leader in rated if leader}}
