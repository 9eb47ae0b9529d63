from odoo import api, models


class DiscussChannel(models.Model):
    _name = "discuss.channel"
    _inherit = ["discuss.channel", "crm.interaction.mixin"]

    _interaction_fields = frozenset({"livechat_outcome", "livechat_operator_id", "livechat_channel_id"})

    def _interaction_relevant(self):
        return self.filtered(lambda channel: channel.channel_type == "livechat")

    def _interaction_values(self):
        return [
            {
                "res_id": session.id,
                "event": f"partner {visitor.id}",
                "kind": "chat",
                "channel": "message",
                "direction": "in",
                "date": session.create_date,
                "partner_id": visitor.id,
                "user_id": session.livechat_operator_id.main_user_id.id,
                "subject": session.livechat_channel_id.name,
                "outcome": session.livechat_outcome,
            }
            for session in self._interaction_relevant()
            for visitor in session.livechat_customer_partner_ids.filtered("partner_share")
        ]

    @api.model
    def _interaction_outcomes(self):
        return dict(self._fields["livechat_outcome"]._description_selection(self.env))
