import ast
import logging

from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Domain

from .crm_analytics_mailing import READER, STEPS

_logger = logging.getLogger(__name__)

PERIODS = [
    ("all", "all time"),
    ("this_month", "this month"),
    ("last_month", "last month"),
    ("last_3_months", "the last 3 months"),
    ("last_12_months", "the last 12 months"),
    ("this_year", "this year"),
    ("last_year", "last year"),
    ("custom", "from … to"),
]


class CrmAnalyticsQuestion(models.Model):
    """A question in words: what, of whom, when, by what. Answered with the rights of who reads it."""

    _name = "crm.analytics.question"
    _description = "Question about Customers"
    _order = "is_shared desc, name, id"

    name = fields.Char(required=True)
    active = fields.Boolean(default=True)
    description = fields.Text()
    company_id = fields.Many2one(
        "res.company", required=True, index=True, default=lambda self: self.env.company, ondelete="cascade"
    )
    user_id = fields.Many2one(
        "res.users", "Asked by", required=True, index=True, default=lambda self: self.env.user
    )
    is_shared = fields.Boolean(
        "Shared", help="Others of the company may open it; each sees what he may see himself."
    )
    may_edit = fields.Boolean(compute="_compute_may_edit")

    # What
    allowed_subject_ids = fields.Many2many("crm.analytics.subject", compute="_compute_allowed_subject_ids")
    subject_id = fields.Many2one(
        "crm.analytics.subject",
        "About",
        required=True,
        domain="[('id', 'in', allowed_subject_ids)]",
        ondelete="cascade",
        index=True,
        default=lambda self: self._default_subject(),
    )
    measure_id = fields.Many2one(
        "crm.analytics.measure",
        "Show",
        required=True,
        ondelete="cascade",
        index=True,
        domain="[('subject_id', '=', subject_id)]",
        compute="_compute_parts",
        store=True,
        readonly=False,
        precompute=True,
    )
    dimension_id = fields.Many2one(
        "crm.analytics.dimension",
        "By",
        ondelete="cascade",
        index=True,
        domain="[('subject_id', '=', subject_id)]",
        compute="_compute_parts",
        store=True,
        readonly=False,
        precompute=True,
    )
    second_dimension_id = fields.Many2one(
        "crm.analytics.dimension",
        "And By",
        ondelete="set null",
        index="btree_not_null",
        domain="[('subject_id', '=', subject_id), ('id', '!=', dimension_id)]",
        compute="_compute_parts",
        store=True,
        readonly=False,
        precompute=True,
    )
    # Who
    customer_domain = fields.Char("Customers", default="[]", required=True)
    # When
    has_time = fields.Boolean(compute="_compute_has_time")
    period = fields.Selection(PERIODS, required=True, default="last_12_months")
    date_from = fields.Date("From")
    date_to = fields.Date("To")
    compare = fields.Selection(
        [("none", "nothing"), ("before", "the period before"), ("year", "the year before")],
        "Compared With",
        required=True,
        default="none",
    )
    chart = fields.Selection(
        [("auto", "As it fits"), ("bar", "Bars"), ("line", "Lines"), ("none", "None")],
        required=True,
        default="auto",
    )
    answer = fields.Json(compute="_compute_answer", export_string_translation=False)

    # By mail
    interval = fields.Selection([("weekly", "Each week"), ("monthly", "Each month")], "Send by Mail")
    next_date = fields.Date("Next On", default=fields.Date.context_today)
    last_date = fields.Date("Last On", readonly=True, copy=False)
    recipient_ids = fields.Many2many(
        "res.users",
        string="Who Gets It",
        domain="[('share', '=', False), ('company_ids', 'in', company_id)]",
        help="Each gets the answer as he would see it himself.",
    )

    _due_idx = models.Index("(next_date) WHERE interval IS NOT NULL")

    @api.model
    def _default_subject(self):
        return self._get_allowed_subjects()[:1]

    @api.model
    def _get_allowed_subjects(self):
        subjects = self.env["crm.analytics.subject"].search([], limit=1000)
        return subjects.filtered(lambda subject: subject._may_ask())

    @api.depends_context("uid")
    def _compute_allowed_subject_ids(self):
        self.allowed_subject_ids = self._get_allowed_subjects()

    @api.depends("subject_id")
    def _compute_parts(self):
        for question in self:
            subject = question.subject_id
            if question.measure_id.subject_id != subject:
                question.measure_id = subject.measure_ids[:1]
            if question.dimension_id.subject_id != subject:
                question.dimension_id = subject.dimension_ids[:1]
            if question.second_dimension_id.subject_id != subject:
                question.second_dimension_id = False

    @api.depends("subject_id")
    def _compute_has_time(self):
        for question in self:
            question.has_time = bool(question.subject_id.date_field)

    @api.depends_context("uid")
    @api.depends("user_id")
    def _compute_may_edit(self):
        is_manager = self.env.user.has_group("crm_analytics.group_crm_analytics_manager")
        for question in self:
            question.may_edit = is_manager or question.user_id == self.env.user

    @api.depends_context("uid", "company", "lang")
    @api.depends(
        *("subject_id", "measure_id", "dimension_id", "second_dimension_id", "customer_domain"),
        *("period", "date_from", "date_to", "compare", "chart"),
    )
    def _compute_answer(self):
        for question in self:
            try:
                question.answer = question._answer()
            except UserError as error:
                question.answer = {"problem": str(error)}

    @api.constrains("customer_domain", "subject_id", "measure_id", "dimension_id", "second_dimension_id")
    def _check_question(self):
        for question in self:
            question._get_customer_domain()
            parts = question.measure_id, question.dimension_id, question.second_dimension_id
            if any(part and part.subject_id != question.subject_id for part in parts):
                raise ValidationError(self.env._("Choose what is shown, and by what, of the same subject."))

    @api.constrains("period", "date_from", "date_to")
    def _check_period(self):
        for question in self.filtered(lambda question: question.period == "custom"):
            if not question.date_from or not question.date_to or question.date_from > question.date_to:
                raise ValidationError(self.env._("The period needs a first and a last day, in this order."))

    @api.constrains("interval", "recipient_ids", "company_id")
    def _check_recipients(self):
        for question in self.filtered("interval"):
            if not question.recipient_ids:
                raise ValidationError(self.env._("Choose who gets the answer."))
            for user in question.recipient_ids:
                if question.company_id not in user.company_ids or not user.has_group(READER):
                    raise ValidationError(
                        self.env._(
                            "%(user)s sees no customers of %(company)s: give him the role first.",
                            user=user.name,
                            company=question.company_id.name,
                        )
                    )

    def _get_customer_domain(self):
        """:raise ValidationError: no valid conditions"""
        self.ensure_one()
        try:
            domain = Domain(ast.literal_eval(self.customer_domain or "[]"))
            domain.validate(self.env["res.partner"])
        except (ValueError, SyntaxError, TypeError, KeyError):
            raise ValidationError(self.env._("The conditions on customers are no valid filter.")) from None
        return domain

    def _get_days(self):
        """First and last day asked about, None without limit."""
        self.ensure_one()
        today = self.company_id._crm_today()
        month, year = today.replace(day=1), today.replace(month=1, day=1)
        ago = relativedelta
        return {
            "this_month": (month, today),
            "last_month": (month - ago(months=1), month - ago(days=1)),
            "last_3_months": (today - ago(months=3) + ago(days=1), today),
            "last_12_months": (today - ago(years=1) + ago(days=1), today),
            "this_year": (year, today),
            "last_year": (year - ago(years=1), year - ago(days=1)),
            "custom": (self.date_from, self.date_to),
        }.get(self.period, (None, None))

    def _get_days_before(self):
        """What the period is compared with: of the same length just before, or a year earlier."""
        first, last = self._get_days()
        if not first or not last or self.compare == "none":
            return None
        if self.compare == "year":
            return first - relativedelta(years=1), last - relativedelta(years=1)
        length = last - first
        return first - length - relativedelta(days=1), first - relativedelta(days=1)

    # By mail --------------------------------------------------------------------------

    def action_send_now(self):
        """Send the answer now; the day of the next one stays."""
        self.check_access("write")
        for question in self:
            question._check_recipients()
            if not question.recipient_ids:
                raise UserError(self.env._("Choose who gets the answer."))
            question._send()
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {"type": "success", "message": self.env._("The answer is on its way.")},
        }

    @api.model
    def _cron_send(self):
        """Send the answers that are due; a day missed is made up for once, one that fails stops no other."""
        cron = self.env["ir.cron"]
        due = self.search([("interval", "!=", False), ("next_date", "<=", fields.Date.context_today(self))])
        cron._commit_progress(remaining=len(due))
        for question in due:
            if question.try_lock_for_update(allow_referencing=True):
                try:
                    with self.env.cr.savepoint():
                        question._send()
                except Exception:  # the others are sent all the same
                    _logger.exception("Question %s could not be answered by mail", question.id)
                question._plan_next()
            if not cron._commit_progress(1):
                break

    def _plan_next(self):
        today = fields.Date.context_today(self)
        while self.next_date <= today:
            self.next_date += STEPS[self.interval]

    def _send(self):
        """Mail the answer to each recipient, as he would see it."""
        self.ensure_one()
        for user in self.recipient_ids.filtered("active"):
            here = self.with_user(user).with_company(self.company_id).with_context(lang=user.lang)
            values = {"name": self.name, "answer": here._get_answer_for(user)}
            body = here.env["ir.qweb"]._render("crm_analytics.question_mail", values)
            self.env["mail.mail"].create(
                {
                    "subject": self.name,
                    "body_html": body,
                    "email_from": self.company_id.email_formatted or self.env.user.email_formatted,
                    "recipient_ids": [fields.Command.link(user.partner_id.id)],
                    "auto_delete": True,
                }
            ).send()
        self.last_date = fields.Date.context_today(self)
