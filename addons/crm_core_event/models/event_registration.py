from odoo import api, models


class EventRegistration(models.Model):
    _name = "event.registration"
    _inherit = ["event.registration", "crm.interaction.mixin"]

    _interaction_fields = frozenset({"state", "active", "partner_id", "event_id", "date_closed"})

    def _interaction_values(self):
        return [
            {
                "res_id": registration.id,
                "event": state,
                "kind": "event",
                "channel": "meeting" if state == "done" else "other",
                "direction": "in",
                "date": date,
                "partner_id": registration.partner_id.id,
                "company_id": registration.company_id.id,
                "user_id": registration.event_id.user_id.id,
                "subject": registration.event_id.name,
                "outcome": state,
            }
            for registration in self
            if registration.active and registration.partner_id and registration.state != "draft"
            for state, date in registration._interaction_steps()
        ]

    def _interaction_look(self):
        # sudo: the name that the row holds anyhow, in the reader's language
        return {registration.id: {"subject": registration.sudo().event_id.name} for registration in self}

    @api.model
    def _interaction_outcomes(self):
        return dict(self._fields["state"]._description_selection(self.env))

    def _interaction_steps(self):
        """:return: (state, when it was reached) of one registration"""
        steps = [("open", self.create_date)]
        if self.state == "done":
            steps.append(("done", self.date_closed or self.write_date))
        if self.state == "cancel":
            steps.append(("cancel", self.write_date))
        return steps
