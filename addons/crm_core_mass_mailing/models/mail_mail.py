from odoo import models


class MailMail(models.Model):
    """Asked once more for each mail of a mailing, in the moment it leaves."""

    _inherit = "mail.mail"

    def _prepare_outgoing_list(self, mail_server=False, doc_to_followers=None):
        if reason := self._crm_refusal():
            self.write({"state": "cancel", "failure_type": False, "failure_reason": reason})
            self.mailing_trace_ids._crm_cancel(reason)
            return []
        return super()._prepare_outgoing_list(mail_server=mail_server, doc_to_followers=doc_to_followers)

    def _crm_refusal(self):
        """:return: why this mail must not leave, or None"""
        trace = self.mailing_trace_ids[:1]
        # A trial mail to oneself is no mailing yet.
        if not self.mailing_id or not trace or trace.is_test_trace:
            return None
        emails = {trace.res_id: [trace.email] if trace.email else []}
        return self.mailing_id._crm_find_refusals(trace.model, emails).get(trace.res_id)

    def _postprocess_sent_message(self, *args, **kwargs):
        # What was held back is neither sent nor failed.
        left = self.filtered(lambda mail: not (mail.mailing_id and mail.state == "cancel"))
        return super(MailMail, left)._postprocess_sent_message(*args, **kwargs)
