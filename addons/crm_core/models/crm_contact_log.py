from odoo import api, fields, models


class CrmContactLog(models.Model):
    """A contact with a customer that left no other trace: a call, a talk, a letter, logged by hand."""

    _name = "crm.contact.log"
    _description = "Logged contact"
    _inherit = ["crm.interaction.mixin"]
    _order = "date desc, id desc"
    _rec_name = "subject"
    _check_company_auto = True
    _interaction_fields = frozenset(
        {"date", "partner_id", "company_id", "channel", "direction", "user_id", "subject", "outcome"}
    )

    _interaction_unfolds = True

    # Who with whom
    partner_id = fields.Many2one("res.partner", "Contact", required=True, index=True, ondelete="restrict")
    commercial_partner_id = fields.Many2one(related="partner_id.commercial_partner_id", string="Customer")
    user_id = fields.Many2one("res.users", "By", required=True, default=lambda self: self.env.user)
    company_id = fields.Many2one(
        "res.company", required=True, index=True, default=lambda self: self.env.company
    )

    # What
    date = fields.Datetime(required=True, default=fields.Datetime.now)
    channel = fields.Selection(
        [
            ("phone", "Phone"),
            ("meeting", "Meeting"),
            ("email", "E-mail"),
            ("message", "Message"),
            ("letter", "Letter"),
            ("other", "Other"),
        ],
        required=True,
        default="phone",
    )
    direction = fields.Selection(
        [("out", "To the Customer"), ("in", "From the Customer")], required=True, default="out"
    )
    outcome = fields.Selection(
        [
            ("reached", "Reached"),
            ("not_reached", "Not Reached"),
            ("message", "Left a Message"),
            ("interested", "Interested"),
            ("refused", "Not Interested"),
            ("complaint", "Complaint"),
        ]
    )
    subject = fields.Char("About", help="Shown in the timeline; the note is not.")
    note = fields.Text()
    lead_id = fields.Many2one("crm.lead", "Opportunity", index="btree_not_null", check_company=True)
    order_id = fields.Many2one("sale.order", index="btree_not_null", check_company=True)

    # The proposal this contact answers
    next_action_id = fields.Many2one(
        "crm.next.action", "Proposal", readonly=True, index="btree_not_null", ondelete="set null"
    )

    # What next
    next_step = fields.Char()
    next_date = fields.Date("On", default=fields.Date.context_today)

    @api.model_create_multi
    def create(self, vals_list):
        logs = super().create(vals_list)
        for log in logs.filtered("next_action_id"):
            log.next_action_id._answer_by(log)
        for log in logs.filtered("next_step"):
            # sudo: whoever may log a contact may note the next step, also who may not edit the customer
            log.partner_id.sudo().activity_schedule(
                "mail.mail_activity_data_todo",
                date_deadline=log.next_date,
                summary=log.next_step,
                user_id=log.user_id.id,
            )
        return logs

    def _interaction_values(self):
        return [
            {
                "res_id": log.id,
                "kind": "call" if log.channel == "phone" else "contact",
                "date": log.date,
                "partner_id": log.partner_id.id,
                "company_id": log.company_id.id,
                "channel": log.channel,
                "direction": log.direction,
                "user_id": log.user_id.id,
                "subject": log.subject,
                "outcome": log.outcome,
            }
            for log in self
        ]

    def _interaction_look(self):
        channels = dict(self._fields["channel"]._description_selection(self.env))
        return {log.id: {"subject": channels[log.channel]} for log in self if not log.subject}

    @api.model
    def _interaction_outcomes(self):
        return dict(self._fields["outcome"]._description_selection(self.env))

    def _interaction_detail(self):
        step = self.env._("Next step: %s", self.next_step) if self.next_step else ""
        return {"text": "\n".join(filter(None, (self.note, step))), "lines": []}
