from odoo import api, models


class ImLivechatChannelMemberHistory(models.Model):
    _inherit = "im_livechat.channel.member.history"

    @api.model_create_multi
    def create(self, vals_list):
        """Who takes part in a session is noted here: its row follows."""
        histories = super().create(vals_list)
        histories.channel_id._interaction_sync_later()
        return histories
