from odoo import models


class SurveyUser_Input(models.Model):  # noqa: N801 - as Odoo names it
    _name = "survey.user_input"
    _inherit = ["survey.user_input", "crm.interaction.mixin"]

    _interaction_fields = frozenset({"state", "partner_id", "end_datetime", "test_entry"})

    def _interaction_values(self):
        return [
            {
                "res_id": answer.id,
                "kind": "survey",
                "channel": "other",
                "direction": "in",
                "date": answer.end_datetime or answer.create_date,
                "partner_id": answer.partner_id.id,
                "subject": answer.survey_id.title,
            }
            for answer in self
            if answer.state == "done" and answer.partner_id.partner_share and not answer.test_entry
        ]

    def _interaction_look(self):
        # sudo: the title that the row holds anyhow, in the reader's language
        return {answer.id: {"subject": answer.sudo().survey_id.title} for answer in self}
