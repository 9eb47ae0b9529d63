from psycopg2.errors import UniqueViolation

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from .crm_analytics_forecast import DIMENSIONS


class CrmAnalyticsForecastAdjustment(models.Model):
    """What a manager says a month will bring, instead of the forecast: who, when, why, before and after.

    Never changed and never deleted; the last one of a month holds. The first ``number`` is 1.
    """

    _name = "crm.analytics.forecast.adjustment"
    _inherit = ["crm.append.only"]
    _description = "Forecast Adjustment"
    _order = "date desc, id desc"
    _rec_name = "reason"
    _log_access = False

    company_id = fields.Many2one("res.company", required=True, readonly=True, ondelete="restrict")
    currency_id = fields.Many2one(related="company_id.currency_id")
    dimension = fields.Selection(DIMENSIONS, "By", required=True, readonly=True)
    member_id = fields.Integer(readonly=True, aggregator=None)
    member_name = fields.Char("Of", readonly=True)
    month = fields.Date(required=True, readonly=True)
    number = fields.Integer(required=True, readonly=True, aggregator=None)
    user_id = fields.Many2one("res.users", "By Whom", required=True, readonly=True, ondelete="restrict")
    date = fields.Datetime("When", required=True, readonly=True)
    computed = fields.Monetary("Forecast Then", readonly=True, aggregator=None)
    before = fields.Monetary(readonly=True, aggregator=None)
    after = fields.Monetary(readonly=True, aggregator=None)
    is_withdrawn = fields.Boolean("Withdrawn", readonly=True, help="The forecast holds again.")
    reason = fields.Char(required=True, readonly=True)

    _number_uniq = models.UniqueIndex("(company_id, dimension, member_id, month, number)")

    @api.model
    def _get_current(self, company, dimension, member_id, since):
        """The adjustments that hold, by month; withdrawn ones too, for their number.

        :rtype: dict[date, crm.analytics.forecast.adjustment]
        """
        every = self.search(
            [
                ("company_id", "=", company.id),
                ("dimension", "=", dimension),
                ("member_id", "=", member_id),
                ("month", ">=", since),
            ],
            order="number",
        )
        return {adjustment.month: adjustment for adjustment in every}


class CrmAnalyticsForecastLine(models.Model):
    _inherit = "crm.analytics.forecast.line"

    def crm_adjust(self, amount: float | None, reason: str, known: int = 0) -> int:
        """Say what the month of this line will bring; whoever looked at an older state is told first.

        :param amount: instead of the forecast; None: the forecast holds again
        :param reason: why, for whoever reads it later
        :param known: number of the adjustment the caller saw, 0: none
        :return: number of this one
        :raise UserError: somebody else adjusted it meanwhile, or the reason is missing
        """
        self.ensure_one()
        self.check_access("read")
        if not self.env.user.has_group("crm_analytics.group_crm_analytics_manager"):
            raise AccessError(self.env._("Only a manager of analytics adjusts a forecast."))
        if not (reason or "").strip():
            raise UserError(self.env._("Please say why, for whoever reads it later."))
        if self.month < self.company_id._crm_today().replace(day=1):
            raise UserError(self.env._("The month is over: it is what it was."))
        # sudo: of a line that was just read; nobody may create these but here
        Adjustment = self.env["crm.analytics.forecast.adjustment"].sudo()
        last = Adjustment._get_current(self.company_id, self.dimension, self.member_id, self.month).get(
            self.month
        )
        if (last.number if last else 0) != known:
            self._refuse_adjustment(last)
        try:
            with self.env.cr.savepoint():
                made = Adjustment.create(self._prepare_adjustment_values(last, amount, reason.strip()))
        except UniqueViolation:  # in the same moment
            self._refuse_adjustment(last)
        return made.number

    def _prepare_adjustment_values(self, last, amount, reason):
        standing = last.after if last and not last.is_withdrawn else self.expected
        return {
            "company_id": self.company_id.id,
            "dimension": self.dimension,
            "member_id": self.member_id,
            "member_name": self.member_name,
            "month": self.month,
            "number": (last.number if last else 0) + 1,
            "user_id": self.env.uid,
            "date": fields.Datetime.now(),
            "computed": self.expected,
            "before": standing,
            "after": self.expected if amount is None else amount,
            "is_withdrawn": amount is None,
            "reason": reason,
        }

    def _refuse_adjustment(self, last):
        if not last:
            raise UserError(self.env._("Somebody else adjusted this month just now. Please look again."))
        raise UserError(
            self.env._(
                "%(user)s adjusted this month meanwhile: “%(reason)s”. Please look at it first.",
                user=last.user_id.name,
                reason=last.reason,
            )
        )
