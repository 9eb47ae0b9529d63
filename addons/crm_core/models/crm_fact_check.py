from odoo import api, fields, models
from odoo.tools import float_compare

# Orders are rounded one by one in their own currency, reports line by line.
RELATIVE_TOLERANCE = 0.0001
ABSOLUTE_TOLERANCE = 1.0


class CrmFactCheck(models.Model):
    """Comparison of the customer facts with the ERP's own reports, kept as a log."""

    _name = "crm.fact.check"
    _description = "Check of customer facts"
    _inherit = ["mail.thread", "mail.activity.mixin"]
    _order = "id desc"
    _rec_name = "date"

    company_id = fields.Many2one("res.company", required=True, readonly=True, ondelete="cascade", index=True)
    currency_id = fields.Many2one(related="company_id.currency_id")
    date = fields.Datetime(default=fields.Datetime.now, required=True, readonly=True)
    orders_fact = fields.Integer("Orders, Facts", readonly=True)
    orders_report = fields.Integer("Orders, Sales Report", readonly=True)
    ordered_fact = fields.Monetary("Ordered, Facts", readonly=True)
    ordered_report = fields.Monetary("Ordered, Sales Report", readonly=True)
    invoiced_fact = fields.Monetary("Invoiced Net, Facts", readonly=True)
    invoiced_report = fields.Monetary("Invoiced Net, Invoice Analysis", readonly=True)
    receivable_fact = fields.Monetary("Receivable, Facts", readonly=True)
    receivable_report = fields.Monetary("Receivable, Journal Items", readonly=True)
    waiting_count = fields.Integer(
        "Customers Waiting", readonly=True, help="Stale customers on the queue when the check ran."
    )
    is_equal = fields.Boolean("Agrees", compute="_compute_is_equal", store=True)

    @api.depends(
        "orders_fact",
        "orders_report",
        "ordered_fact",
        "ordered_report",
        "invoiced_fact",
        "invoiced_report",
        "receivable_fact",
        "receivable_report",
    )
    def _compute_is_equal(self):
        for check in self:
            check.is_equal = check.orders_fact == check.orders_report and all(
                check._agree(check[f"{figure}_fact"], check[f"{figure}_report"])
                for figure in ("ordered", "invoiced", "receivable")
            )

    @api.model
    def _agree(self, fact, report):
        tolerance = max(ABSOLUTE_TOLERANCE, abs(report) * RELATIVE_TOLERANCE)
        return float_compare(abs(fact - report), tolerance, precision_digits=4) <= 0

    @api.model
    def _check_facts(self, company):
        """Fold the queue, compare the sums, and tell the manager when they differ.

        :param company: one ``res.company``
        :rtype: crm.fact.check
        """
        self.env["crm.customer.dirty"]._fold()
        check = self.create(
            {
                "company_id": company.id,
                **self._get_fact_sums(company),
                **self._get_report_sums(company),
            }
        )
        if not check.is_equal:
            check._alert_managers()
        return check

    @api.model
    def _get_fact_sums(self, company):
        orders, ordered, invoiced, receivable = self.env["crm.customer.stat"]._read_group(
            [("company_id", "=", company.id)],
            aggregates=[
                "order_count:sum",
                "ordered_total:sum",
                "invoiced_net:sum",
                "receivable:sum",
            ],
        )[0]
        return {
            "orders_fact": orders,
            "ordered_fact": ordered,
            "invoiced_fact": invoiced,
            "receivable_fact": receivable,
            "waiting_count": self.env["crm.customer.dirty"].search_count([]),
        }

    @api.model
    def _get_report_sums(self, company):
        here = self.with_company(company).with_context(allowed_company_ids=company.ids).env
        confirmed = [("company_id", "=", company.id), ("state", "=", "sale")]
        orders = here["sale.order"].search_count(confirmed)
        ordered = here["sale.report"]._read_group(confirmed, aggregates=["price_subtotal:sum"])[0][0]
        invoiced = here["account.invoice.report"]._read_group(
            [
                ("company_id", "=", company.id),
                ("state", "=", "posted"),
                ("move_type", "in", ("out_invoice", "out_refund")),
            ],
            aggregates=["price_subtotal:sum"],
        )[0][0]
        receivable = here["account.move.line"]._read_group(
            [
                ("company_id", "=", company.id),
                ("parent_state", "=", "posted"),
                ("account_id.account_type", "=", "asset_receivable"),
                ("partner_id", "!=", False),
                ("reconciled", "=", False),
            ],
            aggregates=["amount_residual:sum"],
        )[0][0]
        # Of sales from before the ERP no report of the ERP knows.
        past_orders, past_amount = self.env["crm.past.sale"]._get_sums(company)
        return {
            "orders_report": orders + past_orders,
            "ordered_report": (ordered or 0) + float(past_amount),
            "invoiced_report": (invoiced or 0) + float(past_amount),
            "receivable_report": receivable,
        }

    def _alert_managers(self):
        """One activity per manager of the company; none while an earlier one is still open."""
        self.ensure_one()
        managers = self.env["res.users"].search(
            [
                ("all_group_ids", "in", self.env.ref("crm_core.group_crm_core_manager").id),
                ("company_ids", "in", self.company_id.id),
                ("share", "=", False),
            ]
        )
        alerted = self.search([("company_id", "=", self.company_id.id)]).activity_ids.user_id
        for manager in managers - alerted:
            self.activity_schedule(
                "mail.mail_activity_data_warning",
                user_id=manager.id,
                summary=self.env._("Customer facts disagree with the reports"),
                note=self.env._(
                    "The sums of the customer facts of %(company)s differ from the sales or invoice report."
                    " Rebuild the facts; if the difference stays, an order or invoice was changed outside"
                    " the ERP.",
                    company=self.company_id.name,
                ),
            )

    @api.model
    def _cron_check(self):
        companies = self.env["res.company"]._crm_all()
        cron = self.env["ir.cron"]
        cron._commit_progress(remaining=len(companies))
        for company in companies:
            if not self.env["crm.customer.rebuild"]._is_running(company):
                self._check_facts(company)
            cron._commit_progress(1)

    def action_rebuild(self):
        """Collect the facts of these companies anew."""
        self.check_access("read")
        self.company_id._crm_rebuild_facts()
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "info",
                "message": self.env._("The facts are being collected anew in the background."),
                "next": {"type": "ir.actions.act_window_close"},
            },
        }
