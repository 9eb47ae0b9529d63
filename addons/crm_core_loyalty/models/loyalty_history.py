from odoo import models


class LoyaltyHistory(models.Model):
    _name = "loyalty.history"
    _inherit = ["loyalty.history", "crm.interaction.mixin"]

    _interaction_fields = frozenset({"card_id", "description", "issued", "used"})

    def _interaction_values(self):
        return [
            {
                "res_id": history.id,
                "kind": "points",
                "channel": "document",
                "date": history.create_date,
                "partner_id": history.card_id.partner_id.id,
                "company_id": history.company_id.id,
                "subject": history.description,
                "outcome": history._interaction_outcome(),
            }
            for history in self
            if history.card_id.partner_id
        ]

    def _interaction_outcome(self):
        """What was earned and used, e.g. "+50 −20 Points"."""
        signs = (("+", self.issued), ("−", self.used))
        amounts = " ".join(f"{sign}{amount:g}" for sign, amount in signs if amount)
        return f"{amounts} {self.card_id.point_name or ''}".strip()

    def _interaction_look(self):
        # sudo: what the program calls its points, as the row holds it, in the reader's language
        return {history.id: {"outcome": history.sudo()._interaction_outcome()} for history in self}
