from dateutil.relativedelta import relativedelta
from markupsafe import Markup

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools import format_date

READER = "crm_core.group_crm_core_user"
STEPS = {"weekly": relativedelta(weeks=1), "monthly": relativedelta(months=1)}


class CrmAnalyticsMailing(models.Model):
    """A workbook that some people get by mail each week or month, each with what he may see himself."""

    _name = "crm.analytics.mailing"
    _description = "Scheduled Workbook"
    _order = "next_date, id"
    _check_company_auto = True

    name = fields.Char(required=True)
    active = fields.Boolean(default=True)
    company_id = fields.Many2one(
        "res.company", required=True, index=True, default=lambda self: self.env.company, ondelete="cascade"
    )
    user_ids = fields.Many2many(
        "res.users",
        string="Who Gets It",
        required=True,
        domain="[('share', '=', False), ('company_ids', 'in', company_id)]",
        help="Each gets the customers he may see: a salesperson his own.",
    )
    interval = fields.Selection(
        [("weekly", "Each week"), ("monthly", "Each month")], required=True, default="weekly"
    )
    next_date = fields.Date("Next On", required=True, default=fields.Date.context_today)
    last_date = fields.Date("Last On", readonly=True, copy=False)
    months = fields.Selection(
        [("3", "3 months"), ("6", "6 months"), ("12", "12 months"), ("24", "24 months"), ("36", "36 months")],
        "Period",
        required=True,
        default="12",
    )
    team_id = fields.Many2one("crm.team", "Only Team", check_company=True)
    salesperson_id = fields.Many2one("res.users", "Only Salesperson")
    country_id = fields.Many2one("res.country", "Only Country")
    categ_id = fields.Many2one("product.category", "Only Bought Of")
    workbook_ids = fields.One2many("crm.analytics.workbook", "mailing_id", "Sent")
    failed_count = fields.Integer("Failed", compute="_compute_failed_count")

    @api.depends("workbook_ids.state")
    def _compute_failed_count(self):
        failed = dict(
            self.env["crm.analytics.workbook"]._read_group(
                [("mailing_id", "in", self.ids), ("state", "=", "failed")], ["mailing_id"], ["__count"]
            )
        )
        for mailing in self:
            mailing.failed_count = failed.get(mailing, 0)

    @api.constrains("user_ids", "company_id")
    def _check_users(self):
        for mailing in self:
            for user in mailing.user_ids:
                if mailing.company_id not in user.company_ids or not user.has_group(READER):
                    raise ValidationError(
                        self.env._(
                            "%(user)s sees no customers of %(company)s: give him the role first.",
                            user=user.name,
                            company=mailing.company_id.name,
                        )
                    )

    def action_send_now(self):
        """Make and send the workbooks now; the day of the next one stays."""
        self.check_access("write")
        for mailing in self:
            mailing._request()
        return True

    @api.model
    def _cron_send(self):
        """Ask for the workbooks that are due; a day missed is made up for once."""
        cron = self.env["ir.cron"]
        due = self.search([("next_date", "<=", fields.Date.context_today(self))])
        cron._commit_progress(remaining=len(due))
        for mailing in due:
            if mailing.try_lock_for_update(allow_referencing=True):
                mailing._request()
                mailing._plan_next()
            if not cron._commit_progress(1):
                break

    def _request(self):
        """A workbook for each person, made with his rights."""
        self.ensure_one()
        Book = self.env["crm.analytics.workbook"]
        for user in self.user_ids:
            Book._get_or_create(self.company_id, user, self._get_filters(), mailing=self)
        self.last_date = fields.Date.context_today(self)

    def _plan_next(self):
        today, step = fields.Date.context_today(self), STEPS[self.interval]
        while self.next_date <= today:
            self.next_date += step

    def _get_filters(self):
        chosen = {
            "team_id": self.team_id.id,
            "user_id": self.salesperson_id.id,
            "country_id": self.country_id.id,
            "categ_id": self.categ_id.id,
        }
        return {
            **{name: value for name, value in chosen.items() if value},
            "months": int(self.months),
            "moved_days": 30,
        }

    def _send(self, book):
        """Mail a workbook to who it was made for.

        :param book: a ``crm.analytics.workbook`` that is done
        :return: why it could not be sent, in words, or False
        """
        user = book.user_id
        if not user.email:
            return self.env._("%s has no e-mail address", user.name)
        attachment = self.env["ir.attachment"].create(
            {
                "name": book.filename,
                "datas": book.file,
                "res_model": book._name,
                "res_id": book.id,
                "mimetype": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            }
        )
        here = self.with_context(lang=user.lang)
        values = {
            "subject": here.env._(
                "%(name)s, as of %(day)s", name=here.name, day=format_date(here.env, book.as_of)
            ),
            "body_html": Markup("<p>%s</p>")
            % here.env._(
                "The customers of %s, as far as you see them. How to read the figures stands on the first"
                " sheet.",
                here.company_id.name,
            ),
            "email_from": here.company_id.email_formatted or here.env.user.email_formatted,
            "recipient_ids": [fields.Command.link(user.partner_id.id)],
            "attachment_ids": [fields.Command.link(attachment.id)],
            "auto_delete": True,
        }
        mail = self.env["mail.mail"].create(values)
        mail.send()
        # What left is deleted.
        failed = mail.exists().filtered(lambda mail: mail.state == "exception")
        return failed and (failed.failure_reason or self.env._("the mail server refused it"))
