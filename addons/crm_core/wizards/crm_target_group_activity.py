from odoo import fields, models
from odoo.exceptions import UserError


class CrmTargetGroupActivity(models.TransientModel):
    """Schedule the same activity for every member of a target group."""

    _name = "crm.target.group.activity"
    _description = "Schedule an Activity for a Target Group"

    group_id = fields.Many2one("crm.target.group", required=True, readonly=True, ondelete="cascade")
    activity_type_id = fields.Many2one(
        "mail.activity.type",
        "Activity",
        required=True,
        domain="[('res_model', 'in', (False, 'res.partner'))]",
        default=lambda self: self.env.ref("mail.mail_activity_data_call", raise_if_not_found=False),
    )
    summary = fields.Char(required=True)
    note = fields.Html()
    date_deadline = fields.Date("Until", required=True, default=fields.Date.context_today)
    whose = fields.Selection(
        [("salesperson", "The customer's salesperson"), ("one", "One person")],
        "For",
        required=True,
        default="salesperson",
        help="Customers without a salesperson fall to you.",
    )
    responsible_id = fields.Many2one("res.users", "Person", default=lambda self: self.env.user)

    def action_schedule(self):
        """Start it in the background and show its progress."""
        self.ensure_one()
        if not self.group_id._member_partners():
            raise UserError(self.env._("“%s” has no member to do something for.", self.group_id.name))
        return self.env["crm.target.group.job"]._start(
            self.group_id,
            {
                "kind": "activity",
                "activity_type_id": self.activity_type_id.id,
                "summary": self.summary,
                "note": self.note,
                "date_deadline": self.date_deadline,
                "responsible_id": self.responsible_id.id if self.whose == "one" else False,
            },
        )
