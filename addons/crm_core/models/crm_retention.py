from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools import SQL

BATCH = 2000


class ResCompany(models.Model):
    _inherit = "res.company"

    crm_contact_months = fields.Integer(
        "Contacts Kept For",
        help="Months after which logged contacts and rows of the timeline are deleted; 0: kept.",
    )

    @api.constrains("crm_contact_months")
    def _check_crm_contact_months(self):
        if self.filtered(lambda company: company.crm_contact_months < 0):
            raise ValidationError(self.env._("Contacts can't be kept for less than 0 months."))


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    crm_contact_months = fields.Integer(related="company_id.crm_contact_months", readonly=False)


class CrmInteraction(models.Model):
    """Contacts are kept as long as the company says."""

    _inherit = "crm.interaction"

    @api.model
    def _cron_retention(self):
        cron = self.env["ir.cron"]
        companies = self.env["res.company"].search([("crm_contact_months", ">", 0)])
        cron._commit_progress(remaining=len(companies))
        for company in companies:
            before = fields.Datetime.now() - relativedelta(months=company.crm_contact_months)
            while count := self._delete_old(company, before):
                if not cron._commit_progress(processed=0, remaining=count):
                    return
            cron._commit_progress(1)

    @api.model
    def _delete_old(self, company, before):
        """Delete one batch of logged contacts and of rows; their documents have rules of their own.

        :return: how many
        """
        logs = self.env["crm.contact.log"].search(
            [("company_id", "=", company.id), ("date", "<", before)], limit=BATCH
        )
        count = len(logs)
        logs.unlink()
        self.env.cr.execute(
            SQL(
                """
                DELETE FROM crm_interaction WHERE id IN (
                       SELECT id FROM crm_interaction WHERE company_id = %s AND date < %s LIMIT %s)
                """,
                company.id,
                before,
                BATCH,
            )
        )
        count += self.env.cr.rowcount
        self.invalidate_model()
        return count
