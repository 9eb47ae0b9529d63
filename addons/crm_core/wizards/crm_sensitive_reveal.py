from odoo import fields, models


class CrmSensitiveReveal(models.TransientModel):
    """Why somebody wants to see a sensitive value; the value itself is nowhere kept."""

    _name = "crm.sensitive.reveal"
    _description = "Show Sensitive Data"

    entry_id = fields.Many2one("crm.sensitive.data", required=True, ondelete="cascade")
    reason = fields.Char("What Do You Need It For?", required=True)

    def action_show(self):
        """Show the value in a notification that stays until it is closed."""
        self.ensure_one()
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "info",
                "title": self.entry_id.display_name,
                "message": self.entry_id.crm_reveal(self.reason),
                "sticky": True,
                "next": {"type": "ir.actions.act_window_close"},
            },
        }
