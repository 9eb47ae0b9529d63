import logging

from odoo import api, fields, models
from odoo.tools import SQL

_logger = logging.getLogger(__name__)

CUSTOMERS_PER_PART = 5000
OPEN_STATES = ("waiting", "running")


class CrmCustomerRebuild(models.Model):
    """One run over all customers of a company: the first fill after installing, or a rebuild.

    The work is cut into parts (see :class:`CrmCustomerRebuildPart`), each done and committed on its
    own: a run that was interrupted goes on with the parts that are left, and two workers share them.
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
    part_ids = fields.One2many("crm.customer.rebuild.part", "rebuild_id", "Parts", readonly=True)
    total_count = fields.Integer("Customers", compute="_compute_progress")
    done_count = fields.Integer("Done", compute="_compute_progress")
    progress = fields.Float(compute="_compute_progress")
    started_at = fields.Datetime("Started", readonly=True)
    finished_at = fields.Datetime("Finished", readonly=True)

    _one_open_run = models.UniqueIndex(
        "(company_id) WHERE state IN ('waiting', 'running')",
        "The facts of this company are being collected already.",
    )

    @api.depends("part_ids.is_done")
    def _compute_progress(self):
        counts = {
            (run.id, is_done): count
            for run, is_done, count in self.env["crm.customer.rebuild.part"]._read_group(
                [("rebuild_id", "in", self.ids)], ["rebuild_id", "is_done"], ["customer_count:sum"]
            )
        }
        for run in self:
            run.done_count = counts.get((run.id, True), 0)
            run.total_count = run.done_count + counts.get((run.id, False), 0)
            share = run.done_count / run.total_count if run.total_count else run.state == "done"
            run.progress = 100.0 * share

    @api.model
    def _request(self, company):
        """Collect the facts of a company from the beginning; what is under way gives way.

        :param company: one ``res.company``
        :rtype: crm.customer.rebuild
        """
        run = self.search([("company_id", "=", company.id), ("state", "in", OPEN_STATES)])
        if run.state != "waiting":
            # Not begun again but replaced: a worker may be at one of its parts.
            run.action_cancel()
            self.flush_model(["state"])
            run = self.create({"company_id": company.id})
        self._wake_workers()
        return run

    @api.model
    def _wake_workers(self):
        for name in ("ir_cron_customer_rebuild", "ir_cron_customer_rebuild_second"):
            self.env.ref(f"crm_core.{name}")._trigger()

    @api.model
    def _is_running(self, company):
        """True until the first fill of the company is through."""
        return bool(
            self.search_count([("company_id", "=", company.id), ("state", "in", OPEN_STATES)], limit=1)
        )

    @api.model
    def _cron_rebuild(self):
        """Two of these may run side by side."""
        cron = self.env["ir.cron"]
        while run := self.search([("state", "in", OPEN_STATES)], order="id", limit=1):
            if not self.env["crm.customer.dirty"]._try_again(run._work):
                break  # the other worker is at what is left
            if not cron._commit_progress(1, remaining=len(run.part_ids.filtered(lambda p: not p.is_done))):
                break

    def _work(self):
        """One step: cut the work into parts, do a part, or close the run. Commit after each.

        :return: whether there was something to do
        :rtype: bool
        """
        self.ensure_one()
        if self.state not in OPEN_STATES:
            return True  # stopped or replaced a moment ago: the next open run, if any
        if self.state == "waiting":
            return self._start()
        if part := self.env["crm.customer.rebuild.part"]._claim(self):
            part._do()
            return True
        return self._finish()

    def _start(self, customers_per_part=CUSTOMERS_PER_PART):
        if not self.try_lock_for_update():
            return False
        self.env["crm.customer.rebuild.part"]._make(self, customers_per_part)
        self.write({"state": "running", "started_at": fields.Datetime.now()})
        self._wake_workers()
        return True

    def _finish(self):
        if self.part_ids.filtered(lambda part: not part.is_done) or not self.try_lock_for_update():
            return False
        # Of the customers that were done while the rhythm of the products was being learned.
        self.env["crm.customer.product"]._refresh_due_dates(self.company_id)
        self.write({"state": "done", "finished_at": fields.Datetime.now()})
        self.env.ref("crm_core.ir_cron_product_stat")._trigger()  # for what is bought together
        _logger.info("Customer facts of company %s collected", self.company_id.id)
        return True

    def action_cancel(self):
        """Stop a run; facts already collected stay."""
        self.filtered(lambda run: run.state in OPEN_STATES).write({"state": "cancelled"})
        return True


class CrmCustomerRebuildPart(models.Model):
    """A piece of a run that one worker does in one transaction."""

    _name = "crm.customer.rebuild.part"
    _description = "Part of a collection of customer facts"
    _order = "id"
    _rec_name = "kind"
    _log_access = False

    rebuild_id = fields.Many2one(
        "crm.customer.rebuild", required=True, readonly=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(related="rebuild_id.company_id")
    kind = fields.Selection(
        [("rhythm", "Product rhythm"), ("customers", "Customers")],
        required=True,
        readonly=True,
    )
    first_partner_id = fields.Integer("First Customer (database id)", readonly=True)
    last_partner_id = fields.Integer("Last Customer (database id)", readonly=True)
    customer_count = fields.Integer("Customers", readonly=True)
    is_done = fields.Boolean("Done", readonly=True)

    @api.model
    def _make(self, run, customers_per_part):
        """Cut a run into parts. The rhythm of the products comes first: due dates rest on it."""
        self.create({"rebuild_id": run.id, "kind": "rhythm"})
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO crm_customer_rebuild_part
                       (rebuild_id, kind, first_partner_id, last_partner_id, customer_count, is_done)
                SELECT %s, 'customers', min(id), max(id), count(*), FALSE
                  FROM (SELECT id, (row_number() OVER (ORDER BY id) - 1) / %s AS part
                          FROM res_partner
                         WHERE commercial_partner_id = id) AS customer
                 GROUP BY part
                 ORDER BY part
                """,
                run.id,
                customers_per_part,
            )
        )
        run.invalidate_recordset(["part_ids"])

    @api.model
    def _claim(self, run):
        """The next part that nobody is at, locked until the end of the transaction.

        :return: one part or none
        """
        self.flush_model(["is_done"])
        rows = self.env.execute_query(
            SQL(
                """
                SELECT id
                  FROM crm_customer_rebuild_part
                 WHERE rebuild_id = %s
                   AND is_done IS NOT TRUE
                   AND %s
                 ORDER BY id
                 LIMIT 1
                   FOR UPDATE SKIP LOCKED
                """,
                run.id,
                self._get_claim_condition(run),
            )
        )
        return self.browse(id_ for (id_,) in rows)

    @api.model
    def _get_claim_condition(self, run):
        """Which of the parts may be begun now; extend for work that must not go on side by side.

        :rtype: SQL
        """
        return SQL("TRUE")

    def _do(self):
        getattr(self, f"_do_{self.kind}")(self.company_id)
        self.is_done = True

    def _do_rhythm(self, company):
        self.env["crm.product.stat"]._refresh_from_orders(company)

    def _do_customers(self, company):
        query = SQL(
            "SELECT id FROM res_partner WHERE id BETWEEN %s AND %s AND commercial_partner_id = id",
            self.first_partner_id,
            self.last_partner_id,
        )
        self.env["crm.customer.stat"]._refresh(company, [id_ for (id_,) in self.env.execute_query(query)])
