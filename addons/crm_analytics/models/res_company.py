import logging

from odoo import api, fields, models

_logger = logging.getLogger(__name__)

# The days of purchase depend on these: a change asks for a rebuild.
EVENT_SETTINGS = {"crm_analytics_source", "crm_analytics_since", "crm_analytics_excluded_categ_ids"}


class ResCompany(models.Model):
    _inherit = "res.company"

    crm_analytics_source = fields.Selection(
        [("orders", "Confirmed orders"), ("invoices", "Posted invoices")],
        string="What Counts as a Purchase",
        required=True,
        default="orders",
        help="Never both: an order and its invoice are one purchase.",
    )
    crm_analytics_since = fields.Date(
        "History Starts on",
        help="What is older is left out, for example what was taken over incompletely.",
    )
    crm_analytics_excluded_categ_ids = fields.Many2many(
        "product.category",
        "crm_analytics_excluded_categ_rel",
        string="Categories Left Out",
        help="Products of these categories and those below are no purchases: shipping, gift cards, deposits.",
    )
    crm_analytics_margin = fields.Float(
        "Margin",
        default=100.0,
        help="Share of the revenue that a customer's value counts; 100 %: his value is revenue.",
    )
    crm_analytics_discount = fields.Float(
        "Yearly Discount",
        default=10.0,
        help="How much less an amount is worth that comes a year later.",
    )
    crm_analytics_keep_months = fields.Integer(
        "Movements Kept For",
        default=36,
        help="Months after which a former segment of a customer, and a model, are deleted; 0: kept.",
    )

    _crm_analytics_margin_share = models.Constraint(
        "CHECK (crm_analytics_margin > 0 AND crm_analytics_margin <= 100)",
        "The margin must be above 0 and at most 100 %.",
    )
    _crm_analytics_discount_share = models.Constraint(
        "CHECK (crm_analytics_discount >= 0 AND crm_analytics_discount <= 100)",
        "The yearly discount must lie between 0 and 100 %.",
    )

    _crm_analytics_keep_months_positive = models.Constraint(
        "CHECK (crm_analytics_keep_months >= 0)", "Movements can't be kept for less than 0 months."
    )

    def write(self, vals):
        result = super().write(vals)
        if EVENT_SETTINGS & vals.keys():
            self._crm_rebuild_facts()
        return result

    def _crm_analytics_get_excluded(self):
        """:return: ids of the categories left out, with those below them"""
        self.ensure_one()
        categories = self.sudo().crm_analytics_excluded_categ_ids  # sudo: a setting, whoever causes the work
        if not categories:
            return []
        # sudo: as above; the ids alone serve to leave lines out
        return self.env["product.category"].sudo().search([("id", "child_of", categories.ids)]).ids

    @api.model
    def _crm_analytics_for_each(self, work, what):
        """Do a job for each company, each in a transaction of its own: one that fails holds up no other.

        :param work: called with the company
        :param str what: what could not be done, for the log
        """
        cron = self.env["ir.cron"]
        companies = self.sudo()._crm_all()  # sudo: the job, for every company
        cron._commit_progress(remaining=len(companies))
        for company in companies:
            try:
                with self.env.cr.savepoint():
                    work(company)
            except Exception:  # whatever is wrong with this one
                _logger.exception("%s of company %s could not be done", what, company.id)
            if not cron._commit_progress(1):
                break
