from odoo import models

from ..models.res_partner_privacy import ROWS_IN_REPORT


class ReportPrivacy(models.AbstractModel):
    """What is held about a person, printed for that person."""

    _name = "report.crm_core.report_privacy"
    _description = "Report of personal data"

    def _get_report_values(self, docids, data=None):
        partners = self.env["res.partner"].browse(docids)
        reference = self.env.context.get("privacy_reference")
        return {
            "doc_ids": docids,
            "doc_model": "res.partner",
            "docs": partners,
            "gathered": {partner.id: partner._crm_gather(reference) for partner in partners},
            "labels": self._get_labels(partners),
            "rows_shown": ROWS_IN_REPORT,
        }

    def _get_labels(self, partners):
        return {name: field._description_string(self.env) for name, field in partners._fields.items()}
