from odoo import models


class ResPartner(models.Model):
    _inherit = "res.partner"

    def _crm_anonymize_steps(self):
        steps = super()._crm_anonymize_steps()
        return [*steps[:-1], "_crm_forget_chats", steps[-1]]

    def _crm_forget_chats(self):
        """What was said in live chats; that there was one, how long and with whom of ours, stays."""
        history = self.env["im_livechat.channel.member.history"].search(
            [("partner_id", "=", self.id), ("livechat_member_type", "=", "visitor")]
        )
        sessions = history.channel_id
        ratings = self.env["rating.rating"].search(
            [("res_model", "=", "discuss.channel"), ("res_id", "in", sessions.ids)]
        )
        # Without its message a rating outlives it.
        ratings.write({"feedback": False, "message_id": False})
        sessions.chatbot_message_ids.unlink()
        self._crm_forget_chatter(sessions)
        for session in sessions:
            session.write({"name": self.env._("Chat %s", session.id), "livechat_note": False})
        return len(sessions)
