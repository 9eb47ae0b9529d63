import base64
import datetime
import logging
import tempfile

import xlsxwriter
from psycopg2.errors import SerializationFailure

from odoo import api, fields, models
from odoo.fields import Domain

_logger = logging.getLogger(__name__)

MEMBERS_PER_STEP = 1000
KEPT_DAYS = 30


class CrmTargetGroupJob(models.Model):
    """Work for all members of a target group in the background, with progress: an export, activities.

    Another addon adds a kind: extend the selection and define ``_work_<kind>(members)``, which is called
    with some members at a time and committed after each; or ``_run_<kind>()`` where all must be one piece:
    it commits its progress itself. It works with the rights of whoever asked for it.
    """

    _name = "crm.target.group.job"
    _description = "Work for a Target Group"
    _inherit = ["crm.job.mixin"]
    _rec_name = "group_id"
    _job_cron = "crm_core.ir_cron_target_group_job"

    group_id = fields.Many2one(
        "crm.target.group", required=True, readonly=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(related="group_id.company_id", store=True, index=True)
    kind = fields.Selection([("export", "Export"), ("activity", "Activities")], required=True, readonly=True)
    total_count = fields.Integer("Members", readonly=True)
    done_count = fields.Integer("Done", readonly=True)
    reached_id = fields.Integer("Last Member Done (database id)", readonly=True)
    progress = fields.Float(compute="_compute_progress")

    # Activities
    activity_type_id = fields.Many2one("mail.activity.type", readonly=True, ondelete="set null")
    summary = fields.Char(readonly=True)
    note = fields.Html(readonly=True)
    date_deadline = fields.Date("Until", readonly=True)
    responsible_id = fields.Many2one(
        "res.users",
        "Whose",
        readonly=True,
        ondelete="set null",
        help="Empty: the salesperson of each customer; of those without one, whoever asked.",
    )

    @api.depends("total_count", "done_count", "state")
    def _compute_progress(self):
        for job in self:
            share = job.done_count / job.total_count if job.total_count else 0
            job.progress = 100.0 if job.state == "done" else 100.0 * share

    # ------------------------------------------------------------------
    # Actions
    # ------------------------------------------------------------------

    @api.model
    def _start(self, group, values):
        """Note what is to be done, wake the worker, and open the job to watch its progress.

        Nobody creates jobs by himself: they work with the rights of whoever asked.

        :param group: one ``crm.target.group`` the user may read
        :param dict values: the kind, and what it needs
        """
        group.check_access("read")
        # sudo: no role may write jobs; this one works with the rights of the user
        self = self.sudo().create({**values, "group_id": group.id, "user_id": self.env.uid})  # noqa: PLW0642
        self._wake()
        return self._open(self.group_id.name)

    # ------------------------------------------------------------------
    # In the background
    # ------------------------------------------------------------------

    def _work(self):
        """Some members, or the whole job where it can't be cut; what fails is written on the job."""
        try:
            if self.state == "waiting":
                self._prepare_run()
            if hasattr(self, f"_run_{self.kind}"):
                getattr(self, f"_run_{self.kind}")()
            else:
                with self.env.cr.savepoint():
                    self._work_step()
        except SerializationFailure:
            raise
        except Exception as error:
            _logger.warning("Job %s of a target group failed", self.id, exc_info=True)
            self.write({"state": "failed", "message": self.env["crm.target.group"]._describe_error(error)})

    def _prepare_run(self):
        self.write(
            {
                "state": "running",
                "total_count": self._get_worker_members().search_count(self._get_members_domain()),
            }
        )

    def _get_worker_members(self):
        """The model of members as whoever asked for the job sees it, in the company of the group."""
        Member = self.env["crm.target.group.member"].with_user(self.user_id)
        return Member.with_company(self.company_id).with_context(**self._get_asker_context())

    def _get_members_domain(self):
        """An export has all members and says who is in the control group; those are left alone else."""
        domain = Domain("group_id", "=", self.group_id.id)
        return domain if self.kind == "export" else domain & Domain("is_control", "=", False)

    def _work_step(self):
        members = self._get_worker_members().search(
            self._get_members_domain() & Domain("id", ">", self.reached_id),
            order="id",
            limit=MEMBERS_PER_STEP,
        )
        if not members:
            self.state = "done"
            return
        getattr(self, f"_work_{self.kind}")(members)
        self.write({"reached_id": members[-1].id, "done_count": self.done_count + len(members)})

    # ------------------------------------------------------------------
    # Activities
    # ------------------------------------------------------------------

    def _work_activity(self, members):
        """One activity for each member, on the customer; nobody gets a mail for each."""
        user = members.env.user
        model_id = self.env["ir.model"]._get_id("res.partner")
        Activity = members.env["mail.activity"].with_context(mail_activity_quick_update=True)
        Activity.create(
            [
                {
                    "res_model_id": model_id,
                    "res_id": member.partner_id.id,
                    "activity_type_id": self.activity_type_id.id,
                    "summary": self.summary,
                    "note": self.note,
                    "date_deadline": self.date_deadline,
                    "user_id": (self.responsible_id or member.user_id or user).id,
                }
                for member in members
            ]
        )

    # ------------------------------------------------------------------
    # Export
    # ------------------------------------------------------------------

    def _get_export_columns(self):
        """What the spreadsheet has: heading and field, or path of fields, of the member.

        :rtype: list[tuple[str, str]]
        """
        return [
            (self.env._("Member"), "partner_id.display_name"),
            (self.env._("Reference"), "partner_id.ref"),
            (self.env._("E-mail"), "partner_id.email"),
            (self.env._("Phone"), "partner_id.phone"),
            (self.env._("City"), "partner_id.city"),
            (self.env._("Country"), "partner_id.country_id.name"),
            (self.env._("Salesperson"), "user_id.name"),
            (self.env._("Lifecycle"), "lifecycle"),
            (self.env._("Turnover (12 m)"), "turnover_12m"),
            (self.env._("Overdue"), "overdue"),
            (self.env._("Currency"), "currency_id.name"),
            (self.env._("Orders"), "order_count"),
            (self.env._("Last Order"), "last_order_date"),
            (self.env._("Control Group"), "is_control"),
        ]

    def _run_export(self):
        """Write the spreadsheet row by row: the memory it needs does not grow with the members."""
        with tempfile.NamedTemporaryFile(suffix=".xlsx") as target:
            options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
            with xlsxwriter.Workbook(target.name, options) as book:
                is_whole = self._write_sheet(book)
            if not is_whole:
                return  # stopped meanwhile
            with open(target.name, "rb") as saved:
                content = base64.b64encode(saved.read())
        name = "".join(char if char.isalnum() else "_" for char in self.group_id.name)
        self.write({"file": content, "filename": f"{name}.xlsx", "state": "done"})

    def _write_sheet(self, book):
        """:return: whether all members were written; somebody may have stopped it"""
        model = self._get_worker_members()
        ids = model._search(self._get_members_domain(), order="id").get_result_ids()
        columns = self.with_context(lang=self.user_id.lang)._get_export_columns()
        sheet = book.add_worksheet()
        sheet.set_column(0, len(columns) - 1, 18)
        sheet.freeze_panes(1, 0)
        bold, day = book.add_format({"bold": True}), book.add_format({"num_format": "yyyy-mm-dd"})
        for place, (heading, _path) in enumerate(columns):
            sheet.write_string(0, place, heading, bold)
        self.done_count = 0
        for start in range(0, len(ids), MEMBERS_PER_STEP):
            with self.env.cr.savepoint():
                rows = self._read_rows(model.browse(ids[start : start + MEMBERS_PER_STEP]), columns)
            for number, row in enumerate(rows, start + 1):
                for place, value in enumerate(row):
                    self._write_cell(sheet, number, place, value, day)
            self.done_count += len(rows)
            self.env["ir.cron"]._commit_progress()
            # What has been written is forgotten; and somebody may have pressed "Stop".
            self.env.invalidate_all()
            if self.state != "running":
                return False
        return True

    def _read_rows(self, members, columns):
        labels = dict(members._fields["lifecycle"]._description_selection(members.env))
        return [
            [
                labels.get(value, "") if path == "lifecycle" else value
                for path, value in ((path, self._follow(member, path)) for _heading, path in columns)
            ]
            for member in members.exists()
        ]

    @api.model
    def _follow(self, record, path):
        for name in path.split("."):
            record = record[name]
        return record

    @api.model
    def _write_cell(self, sheet, row, column, value, day):
        """A text stays a text, whatever it begins with: a formula in a name is never run."""
        if isinstance(value, bool) or value is None:
            if value:
                sheet.write_string(row, column, "x")
        elif isinstance(value, int | float):
            sheet.write_number(row, column, value)
        elif isinstance(value, datetime.date):
            sheet.write_datetime(row, column, value, day)
        else:
            sheet.write_string(row, column, str(value))

    @api.autovacuum
    def _gc_jobs(self):
        """Exports are copies of personal data: they don't stay."""
        before = fields.Date.subtract(fields.Date.today(), days=KEPT_DAYS)
        self.search([("write_date", "<", before)]).unlink()
