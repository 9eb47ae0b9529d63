from odoo import models


class MailComposeMessage(models.TransientModel):
    """Mails of a mailing are made for those alone who may get them."""

    _inherit = "mail.compose.message"

    def _process_mail_values_state(self, mail_values_dict):
        values = super()._process_mail_values_state(mail_values_dict)
        if not self._is_mass_mailing():
            return values
        waiting = {
            res_id: mail
            for res_id, mail in values.items()
            if mail.get("state") not in ("cancel", "exception")
        }
        recipients = self._get_recipients_data(waiting)
        emails = {res_id: recipients[res_id]["mail_to_normalized"] for res_id in waiting}
        for res_id, reason in self.mass_mailing_id._crm_find_refusals(self.model, emails).items():
            waiting[res_id].update(
                state="cancel",
                failure_type="crm_consent",
                failure_reason=reason,
                is_notification=False,
            )
        return values

    def _prepare_mail_values_mailing_traces(self, mail_values_all):
        traces = super()._prepare_mail_values_mailing_traces(mail_values_all)
        for res_id, mail in mail_values_all.items():
            if mail.get("failure_type") == "crm_consent" and traces.get(res_id):
                traces[res_id]["failure_reason"] = mail["failure_reason"]
        return traces
