import base64
import logging
import tempfile
import time

from psycopg2.errors import SerializationFailure

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import SQL

from odoo.addons.crm_core.models.crm_job_mixin import UNDER_WAY

from ..lib.workbook import Book

_logger = logging.getLogger(__name__)

KEPT_DAYS = 30
TRIES = 3


class CrmAnalyticsWorkbook(models.Model):
    """A spreadsheet of everything the screen shows, made in the background with the rights of who asked.

    Another addon adds a sheet: extend :meth:`_get_sheets` and define what it names.
    """

    _name = "crm.analytics.workbook"
    _description = "Workbook of Customer Analytics"
    _inherit = ["crm.job.mixin"]
    _rec_name = "filename"
    _job_cron = "crm_analytics.ir_cron_workbook"

    company_id = fields.Many2one("res.company", required=True, readonly=True, index=True, ondelete="cascade")
    filters = fields.Json(readonly=True, export_string_translation=False)
    progress = fields.Float(readonly=True)
    step = fields.Char("At It", readonly=True)
    tries = fields.Integer(readonly=True)
    seconds = fields.Float("Took (Seconds)", readonly=True, digits=(10, 1))
    as_of = fields.Date(readonly=True)
    filename = fields.Char(default="customer-analytics.xlsx")
    mailing_id = fields.Many2one(
        "crm.analytics.mailing", "Sent By", readonly=True, index="btree_not_null", ondelete="set null"
    )

    # ------------------------------------------------------------------
    # Asking
    # ------------------------------------------------------------------

    @api.model
    def crm_request(self, filters: dict | None = None) -> dict:
        """Ask for a workbook; asking twice for the same gives the one that is under way.

        :param filters: those of the screen
        :return: window action that shows its progress
        :raise AccessError: no right to export
        """
        if not self.env.su and not self.env.user.has_group("base.group_allow_export"):
            raise AccessError(self.env._("You may not export data. Ask your administrator."))
        scope = self.env["crm.analytics.scope"]._get_scope(filters)
        wanted = {**scope.chosen, "months": scope.months, "moved_days": scope.moved_days}
        book = self._get_or_create(scope.company, self.env.user, wanted)
        return book._open(self.env._("Workbook"))

    @api.model
    def _get_or_create(self, company, user, filters, mailing=None):
        """The workbook of a user that is under way with the same filters, or a new one."""
        # One at a time asks: two clicks at once find the same row.
        self.env.cr.execute(
            SQL("SELECT pg_advisory_xact_lock(hashtext('crm_analytics_workbook'), %s)", user.id)
        )
        # sudo: nobody creates jobs by himself; this one works with the rights of the user
        Book = self.sudo()
        same = Book.search(
            [
                ("user_id", "=", user.id),
                ("company_id", "=", company.id),
                ("state", "in", UNDER_WAY),
                ("mailing_id", "=", mailing.id if mailing else False),
            ]
        ).filtered(lambda book: book.filters == filters)
        book = same[:1] or Book.create(
            {
                "company_id": company.id,
                "user_id": user.id,
                "filters": filters,
                "mailing_id": mailing.id if mailing else False,
            }
        )
        self._wake()
        return book.with_env(self.env)

    def _prepare_retry(self):
        return {**super()._prepare_retry(), "tries": 0}

    # ------------------------------------------------------------------
    # In the background
    # ------------------------------------------------------------------

    def _work(self):
        """Write the file; what fails is written on the job, what a worker left unfinished is begun anew."""
        if self.tries >= TRIES:
            self.write({"state": "failed", "message": self.env._("It stopped %s times half way.", TRIES)})
            return
        started = time.monotonic()
        self.write({"state": "running", "tries": self.tries + 1, "progress": 0.0})
        try:
            content = self._as_asker()._write_file()
        except SerializationFailure:
            raise
        except Exception as error:
            # After an error of the database nothing more can be written: the job is begun anew then.
            _logger.warning("Workbook %s of analytics failed", self.id, exc_info=True)
            words = str(error) if isinstance(error, UserError) else type(error).__name__
            self.write({"state": "failed", "message": words})
            return
        if content is None:
            return  # stopped meanwhile
        self.write(
            {
                "file": base64.b64encode(content),
                "state": "done",
                "progress": 100.0,
                "step": False,
                "seconds": time.monotonic() - started,
                "filename": f"customer-analytics-{fields.Date.to_string(self.as_of)}.xlsx",
            }
        )
        if self.mailing_id and (reason := self.mailing_id._send(self)):
            self.message = self.env._("It could not be mailed: %s.", str(reason).rstrip("."))

    def _as_asker(self):
        """The job as who asked sees it, in its company.

        :raise UserError: he does not work there any more
        """
        user, company = self.user_id, self.company_id
        if not user.active or company not in user.company_ids:
            raise UserError(self.env._("%s does not work for this company any more.", user.name))
        asker = self.with_user(user).with_company(company)
        return asker.with_context(**self._get_asker_context())

    def _write_file(self):
        """:return: content of the file, None where it was stopped"""
        self._note_progress(0.0)
        filters = {**self.filters, "company_id": self.company_id.id}
        scope = self.env["crm.analytics.scope"]._get_scope(filters)
        data = self.env["crm.analytics.dashboard"].crm_dashboard(filters)
        self.sudo().as_of = scope.as_of  # sudo: progress of the own job
        sheets = self._get_sheets()
        with tempfile.NamedTemporaryFile(suffix=".xlsx") as target:
            with Book(target.name) as book:
                for place, (name, title) in enumerate(sheets):
                    if not self._note_progress(place / len(sheets), title):
                        return None
                    getattr(self, f"_write_{name}")(book, title, scope, data)
            with open(target.name, "rb") as saved:
                return saved.read()

    def _note_progress(self, share, step=None):
        """Make the progress known to others.

        :return: whether to go on; somebody may have stopped it
        """
        job = self.sudo()  # sudo: progress of the own job
        job.write({"progress": 100.0 * share, **({"step": step} if step else {})})
        self.env["ir.cron"]._commit_progress()
        job.invalidate_recordset(["state"])
        return job.state == "running"

    @api.autovacuum
    def _gc_workbooks(self):
        """Workbooks are copies of personal data: they don't stay."""
        before = fields.Date.subtract(fields.Date.today(), days=KEPT_DAYS)
        self.search([("write_date", "<", before)]).unlink()
