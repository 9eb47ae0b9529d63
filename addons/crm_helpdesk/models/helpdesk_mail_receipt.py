from datetime import timedelta

from odoo import api, fields, models

KEPT_DAYS = 60


class HelpdeskMailReceipt(models.Model):
    """That a mail was taken in. The ERP looks for its Message-Id as well, but two fetchers that look at the
    same time both find nothing: here the database lets one of them through.
    """

    _name = "helpdesk.mail.receipt"
    _description = "Receipt of a mail to the helpdesk"
    _log_access = False

    key = fields.Char(required=True, help="Hash of the Message-Id, or of the mail where it has none.")
    create_date = fields.Datetime(readonly=True, index=True)

    _key_uniq = models.UniqueIndex("(key)", "This mail was taken in already.")

    @api.autovacuum
    def _gc_receipts(self):
        """No mail server delivers again after so long."""
        self.search([("create_date", "<", fields.Datetime.now() - timedelta(days=KEPT_DAYS))]).unlink()
