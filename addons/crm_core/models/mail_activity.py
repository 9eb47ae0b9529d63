from odoo import models
from odoo.tools import html2plaintext


class MailActivity(models.Model):
    _name = "mail.activity"
    _inherit = ["mail.activity", "crm.interaction.mixin"]

    _interaction_fields = frozenset({"active", "date_done", "summary", "user_id", "res_id"})

    _interaction_has_time = False
    _interaction_unfolds = True

    def _interaction_values(self):
        """A finished activity on the customer or on one of the customer's documents."""
        done = self.filtered(lambda activity: not activity.active and activity.date_done)
        kinds = {"phonecall": ("call", "phone"), "meeting": ("meeting", "meeting")}
        rows = []
        for activity, partner in done._crm_get_customers():
            kind, channel = kinds.get(activity.activity_type_id.category, ("activity", "other"))
            rows.append(
                {
                    "res_id": activity.id,
                    "kind": kind,
                    "date": (activity.user_id.company_id or self.env.company)._crm_end_of_day(
                        activity.date_done
                    ),
                    "partner_id": partner.id,
                    "channel": channel,
                    "direction": "out",
                    "user_id": activity.user_id.id,
                    "subject": activity.summary or activity.activity_type_id.name,
                }
            )
        return rows

    def _crm_get_customers(self):
        """Yield (activity, contact) for the activities on records with a customer."""
        for model_name, activities in self.grouped("res_model").items():
            if model_name not in self.env:
                continue
            records = self.env[model_name].browse(activities.mapped("res_id")).exists()
            if model_name == "res.partner":
                contacts = {record.id: record for record in records}
            else:
                contacts = {id_: partners[:1] for id_, partners in records._mail_get_partners().items()}
            for activity in activities:
                if contact := contacts.get(activity.res_id):
                    yield activity, contact

    def _interaction_detail(self):
        parts = (html2plaintext(part or "").strip() for part in (self.note, self.feedback))
        return {"text": "\n".join(filter(None, parts)), "lines": []}
