import logging

from odoo import api, fields, models
from odoo.tools import SQL

_logger = logging.getLogger(__name__)

BATCH = 5000


class CrmCustomerRebuild(models.Model):
    """One run over all customers of a company: the first fill after installing, or a rebuild.

    Works in batches by partner id, each committed with the place reached, so that a run that was
    interrupted goes on where it stopped.
    """

    _name = "crm.customer.rebuild"
    _description = "Collection of customer facts"
    _order = "id desc"
    _rec_name = "company_id"

    company_id = fields.Many2one("res.company", required=True, readonly=True, ondelete="cascade")
    state = fields.Selection(
        [
            ("waiting", "Waiting"),
            ("running", "Running"),
            ("done", "Done"),
            ("cancelled", "Cancelled"),
        ],
        default="waiting",
        required=True,
        readonly=True,
        index=True,
    )
    last_partner_id = fields.Integer("Place Reached", readonly=True)
    total_count = fields.Integer("Customers", readonly=True)
    done_count = fields.Integer("Done", readonly=True)
    progress = fields.Float(compute="_compute_progress")
    started_at = fields.Datetime("Started", readonly=True)
    finished_at = fields.Datetime("Finished", readonly=True)

    _one_open_run = models.UniqueIndex(
        "(company_id) WHERE state IN ('waiting', 'running')",
        "The facts of this company are being collected already.",
    )

    @api.depends("total_count", "done_count", "state")
    def _compute_progress(self):
        for run in self:
            if run.state == "done":
                run.progress = 100.0
            else:
                run.progress = 100.0 * run.done_count / run.total_count if run.total_count else 0.0

    @api.model
    def _request(self, company):
        """Start over for a company: an open run begins again, else a new one is made.

        :param company: one ``res.company``
        :rtype: crm.customer.rebuild
        """
        run = self.search([("company_id", "=", company.id), ("state", "in", ("waiting", "running"))])
        if run:
            run.write({"state": "waiting", "last_partner_id": 0, "done_count": 0})
        else:
            run = self.create({"company_id": company.id})
        self.env.ref("crm_core.ir_cron_customer_rebuild")._trigger()
        return run

    @api.model
    def _is_running(self, company):
        """True until the first fill of the company is through."""
        return bool(
            self.search_count(
                [("company_id", "=", company.id), ("state", "in", ("waiting", "running"))], limit=1
            )
        )

    @api.model
    def _cron_rebuild(self):
        cron = self.env["ir.cron"]
        while run := self.search([("state", "in", ("waiting", "running"))], order="id", limit=1):
            run = run.try_lock_for_update()
            if not run:
                break  # another worker is at it
            run._start()
            done = self.env["crm.customer.dirty"]._try_again(run._do_batch)
            if not cron._commit_progress(done, remaining=run._count_remaining()):
                break

    def _start(self):
        if self.state == "waiting":
            self.write(
                {
                    "state": "running",
                    "started_at": fields.Datetime.now(),
                    "total_count": self._count_remaining(),
                }
            )

    def _count_remaining(self):
        self.ensure_one()
        query = SQL(
            "SELECT count(*) FROM res_partner WHERE id > %s AND commercial_partner_id = id",
            self.last_partner_id,
        )
        return self.env.execute_query(query)[0][0]

    def _do_batch(self, limit=BATCH):
        """Refresh the next customers; closes the run when there are none left.

        :return: number of customers refreshed
        :rtype: int
        """
        self.ensure_one()
        rows = self.env.execute_query(
            SQL(
                """
                SELECT id FROM res_partner
                 WHERE id > %s AND commercial_partner_id = id
                 ORDER BY id
                 LIMIT %s
                """,
                self.last_partner_id,
                limit,
            )
        )
        ids = [id_ for (id_,) in rows]
        self.env["crm.customer.stat"]._refresh(self.company_id, ids)
        values = {"done_count": self.done_count + len(ids)}
        if ids:
            values["last_partner_id"] = ids[-1]
        if len(ids) < limit:
            values.update(state="done", finished_at=fields.Datetime.now())
            self._finish()
        self.write(values)
        return len(ids)

    def _finish(self):
        """Learn popularity, rhythm and pairs from the facts just collected."""
        self.env["crm.product.stat"]._learn(self.company_id)
        _logger.info("Customer facts of company %s collected", self.company_id.id)

    def action_cancel(self):
        """Stop a run; facts already collected stay."""
        self.filtered(lambda run: run.state in ("waiting", "running")).write({"state": "cancelled"})
        return True
