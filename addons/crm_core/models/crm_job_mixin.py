from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain

UNDER_WAY = ("waiting", "running")


class CrmJobMixin(models.AbstractModel):
    """Work somebody asked for that is done in the background: its state, its result, stopping, trying again.

    A model of jobs names its scheduled action in ``_job_cron``, whose code calls ``_cron_work``, and says in
    ``_work`` what is done in one step; more steps follow as long as the job is under way. What fails
    ``_work`` writes on the job itself (``failed`` and why).
    """

    _name = "crm.job.mixin"
    _description = "Job in the Background"
    _order = "id desc"
    _job_cron = None

    user_id = fields.Many2one(
        "res.users",
        "Asked By",
        required=True,
        readonly=True,
        index=True,
        ondelete="cascade",
        default=lambda self: self.env.user,
    )
    state = fields.Selection(
        [
            ("waiting", "Waiting"),
            ("running", "Running"),
            ("done", "Done"),
            ("failed", "Failed"),
            ("cancelled", "Cancelled"),
        ],
        default="waiting",
        required=True,
        readonly=True,
        copy=False,
        index=True,
    )
    message = fields.Char("Result", readonly=True, copy=False)
    file = fields.Binary("Spreadsheet", attachment=True, readonly=True, copy=False)
    filename = fields.Char("Name", readonly=True)

    def action_cancel(self):
        """Stop; what has been done stays."""
        self.check_access("read")
        under_way = self.filtered(lambda job: job.state in UNDER_WAY)
        under_way.sudo().write({"state": "cancelled"})  # sudo: a readonly state, access checked above
        return True

    def action_retry(self):
        """Go on with what failed."""
        self.check_access("read")
        failed = self.filtered(lambda job: job.state == "failed")
        failed.sudo().write(self._prepare_retry())  # sudo: as above
        self._wake()
        return True

    def _prepare_retry(self):
        return {"state": "waiting", "message": False}

    def _wake(self):
        self.env.ref(self._job_cron).sudo()._trigger()  # sudo: wakes the job, no more

    def action_download(self):
        """The spreadsheet."""
        self.ensure_one()
        if not self.file:
            raise UserError(self.env._("The spreadsheet is not ready yet."))
        return {
            "type": "ir.actions.act_url",
            "url": f"/web/content/{self._name}/{self.id}/file/{self.filename}?download=true",
            "target": "self",
        }

    def _open(self, name):
        """The job, to watch its progress."""
        return {
            "type": "ir.actions.act_window",
            "name": name,
            "res_model": self._name,
            "res_id": self.id,
            "views": [[False, "form"]],
        }

    @api.model
    def _cron_work(self):
        """Do the jobs one after the other, step by step; one that fails stops no other."""
        cron = self.env["ir.cron"]
        todo = Domain("state", "in", UNDER_WAY)
        while job := self.search(todo, order="id", limit=1):
            if not job.try_lock_for_update(allow_referencing=True):
                break  # another worker is at it
            self.env["crm.customer.dirty"]._try_again(job._work)
            if not cron._commit_progress(1, remaining=self.search_count(todo)):
                break

    def _work(self):
        """Do one step of the job, or all of it."""
        raise NotImplementedError

    def _get_asker_context(self):
        """Context of who asked, in the company of the job."""
        user = self.user_id
        return {"allowed_company_ids": self.company_id.ids, "lang": user.lang, "tz": user.tz}
