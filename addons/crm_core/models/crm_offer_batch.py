import logging

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Command
from odoo.tools import SQL

_logger = logging.getLogger(__name__)

PREVIEW_LIMIT = 20
GENERATE_BATCH = 50
# Nobody asked for these quotations; one that the customer asked for is sent by the ERP's own button.
MAIL_PURPOSE = "offers"


class CrmOfferBatch(models.Model):
    """Offers for a whole selection of customers: preview, generate in the background, send.

    Each customer is a line of its own with its result, so that one that fails is listed with the
    reason and stops nobody, and a run that was interrupted goes on.
    """

    _name = "crm.offer.batch"
    _description = "Offers for a Selection of Customers"
    _inherit = ["mail.thread"]
    _order = "id desc"

    name = fields.Char(required=True, default=lambda self: self._default_name())
    company_id = fields.Many2one(
        "res.company",
        required=True,
        readonly=True,
        index=True,
        default=lambda self: self.env.company,
    )
    user_id = fields.Many2one(
        "res.users",
        "Responsible",
        required=True,
        default=lambda self: self.env.user,
        index=True,
        help="The offers are made in this person's name and with this person's rights.",
    )
    state = fields.Selection(
        [
            ("draft", "Draft"),
            ("running", "Running"),
            ("done", "Done"),
            ("cancelled", "Cancelled"),
        ],
        default="draft",
        required=True,
        readonly=True,
        copy=False,
        index=True,
    )

    # What is wanted
    line_limit = fields.Integer(
        "Products per Offer", required=True, default=lambda self: self.env.company.crm_offer_lines
    )
    valid_until = fields.Date(
        required=True, default=lambda self: self.env["crm.offer"]._default_valid_until()
    )
    make_quotations = fields.Boolean(
        default=True,
        help="Turn each offer into a quotation. Without it the offers stay drafts to look through.",
    )

    # What became of it
    line_ids = fields.One2many("crm.offer.batch.line", "batch_id", "Customers", copy=False)
    offer_ids = fields.One2many("crm.offer", "batch_id")
    customer_count = fields.Integer("Number of Customers", compute="_compute_counts")
    done_count = fields.Integer("Done", compute="_compute_counts")
    failed_count = fields.Integer("Failed", compute="_compute_counts")
    sendable_count = fields.Integer("To Send", compute="_compute_counts")
    progress = fields.Float(compute="_compute_counts")

    @api.model
    def _default_name(self):
        return self.env._("Offers of %s", fields.Date.context_today(self))

    @api.depends("line_ids.state", "line_ids.is_sent")
    def _compute_counts(self):
        grouped = self.env["crm.offer.batch.line"]._read_group(
            [("batch_id", "in", self.ids)], ["batch_id", "state", "is_sent"], ["__count"]
        )
        for batch in self:
            counts = {(state, sent): count for owner, state, sent, count in grouped if owner == batch}
            total = sum(counts.values())
            waiting = sum(count for (state, _sent), count in counts.items() if state == "waiting")
            batch.customer_count = total
            batch.failed_count = sum(count for (state, _s), count in counts.items() if state == "failed")
            batch.done_count = total - waiting
            batch.progress = 100.0 * (total - waiting) / total if total else 0.0
            batch.sendable_count = counts.get(("quotation", False), 0)

    @api.constrains("line_limit")
    def _check_line_limit(self):
        for batch in self:
            if not 1 <= batch.line_limit <= 50:
                raise ValidationError(self.env._("An offer has 1 to 50 products."))

    @api.model_create_multi
    def create(self, vals_list):
        batches = super().create(vals_list)
        batches._check_user()
        return batches

    def write(self, vals):
        result = super().write(vals)
        if "user_id" in vals:
            self._check_user()
        return result

    def _check_user(self):
        """The job works with the rights of the responsible: nobody may lend himself another's.

        No constraint: those run as the superuser, who may.
        """
        user = self.env.user
        if self.env.su or user.has_group("crm_core.group_crm_core_manager"):
            return
        if self.filtered(lambda batch: batch.user_id != user):
            raise AccessError(self.env._("Only a manager makes somebody else responsible."))

    @api.model
    def _create_for(self, partners):
        """A draft batch for these customers; contacts stand for their commercial entity, each once."""
        customers = partners.commercial_partner_id
        if not customers:
            raise UserError(self.env._("Select at least one customer."))
        return self.create(
            {"line_ids": [Command.create({"partner_id": customer.id}) for customer in customers]}
        )

    def _add_customers(self, partners):
        """Add the customers of many partners at once, each once; one statement, whatever their number.

        :param partners: ``res.partner`` the user may read
        """
        self.check_access("write")
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO crm_offer_batch_line
                       (batch_id, company_id, state, partner_id, create_uid, create_date, write_uid,
                        write_date)
                SELECT DISTINCT %(batch)s, %(company)s, 'waiting', commercial_partner_id, %(uid)s,
                       now() AT TIME ZONE 'UTC', %(uid)s, now() AT TIME ZONE 'UTC'
                  FROM res_partner
                 WHERE id = ANY(%(partners)s)
                ON CONFLICT (batch_id, partner_id) DO NOTHING
                """,
                batch=self.id,
                company=self.company_id.id,
                uid=self.env.uid,
                partners=partners.ids,
            )
        )
        self.invalidate_recordset()

    # ------------------------------------------------------------------
    # Actions
    # ------------------------------------------------------------------

    def action_preview(self):
        """Show on the first lines what would be offered; nothing is made."""
        self.ensure_one()
        self._check_draft()
        lines = self.line_ids[:PREVIEW_LIMIT]
        Offer = self.env["crm.offer"].with_company(self.company_id)
        self.env["crm.customer.stat"]._ensure_fresh(lines.partner_id, self.company_id)
        suggestions = Offer._suggest(lines.partner_id, self.line_limit)
        for line in lines:
            rows = suggestions.get(line.partner_id.id, [])
            products = self.env["product.product"].browse([row[0] for row in rows])
            line.preview = " · ".join(products.mapped("name")) or self.env._("Nothing to offer")
        return True

    def action_generate(self):
        """Make the offers in the background; progress shows on the batch."""
        for batch in self:
            batch._check_draft()
            if not batch.line_ids:
                raise UserError(self.env._("Add at least one customer."))
        self.write({"state": "running"})
        self.env.ref("crm_core.ir_cron_offer_batch")._trigger()
        return True

    def action_cancel(self):
        """Stop; offers already made stay."""
        self.filtered(lambda batch: batch.state in ("draft", "running")).write({"state": "cancelled"})
        return True

    def action_retry(self):
        """Try the customers again that failed."""
        for batch in self:
            failed = batch.line_ids.filtered(lambda line: line.state == "failed")
            failed.write({"state": "waiting", "message": False})
            if failed:
                batch.state = "running"
        self.env.ref("crm_core.ir_cron_offer_batch")._trigger()
        return True

    def action_send(self):
        """Send all quotations not yet sent by the quotation's own mail template, to whom we may."""
        self.ensure_one()
        lines = self.line_ids.filtered(lambda line: line.state == "quotation" and not line.is_sent)
        if not lines:
            raise UserError(self.env._("There is no quotation left to send."))
        allowed = lines._filter_may_be_sent()
        allowed.write({"is_sending": True})
        self.env.ref("crm_core.ir_cron_offer_batch")._trigger()
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "info" if allowed else "warning",
                "message": self._sending_message(len(allowed), len(lines - allowed)),
                "next": {"type": "ir.actions.client", "tag": "soft_reload"},
            },
        }

    def _sending_message(self, sent, kept_back):
        if not kept_back:
            return self.env._("%s quotations are being sent in the background.", sent)
        return self.env._(
            "%(sent)s quotations are being sent in the background. %(kept_back)s may not be sent: the reasons"
            " are on the lines.",
            sent=sent,
            kept_back=kept_back,
        )

    def action_view_offers(self):
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Offers"),
            "res_model": "crm.offer",
            "view_mode": "list,form",
            "domain": [("batch_id", "=", self.id)],
        }

    def _check_draft(self):
        if self.state != "draft":
            raise UserError(self.env._("“%s” has been started already.", self.name))

    # ------------------------------------------------------------------
    # In the background
    # ------------------------------------------------------------------

    @api.model
    def _cron_process(self, limit=GENERATE_BATCH):
        Line = self.env["crm.offer.batch.line"]
        cron = self.env["ir.cron"]
        cron._commit_progress(remaining=Line.search_count(Line._get_work_domain()))
        while lines := Line.search(Line._get_work_domain(), limit=limit, order="batch_id, id"):
            for line in lines:
                if line.try_lock_for_update() and line.filtered_domain(Line._get_work_domain()):
                    line._process()
                if not cron._commit_progress(1):
                    return
            self._close_finished()
            cron._commit_progress()

    @api.model
    def _close_finished(self):
        for batch in self.search([("state", "=", "running")]):
            if not batch.line_ids.filtered(lambda line: line.state == "waiting"):
                batch.state = "done"
                batch.message_post(
                    body=self.env._(
                        "%(done)s of %(total)s customers got an offer.",
                        done=len(batch.offer_ids),
                        total=batch.customer_count,
                    )
                )


class CrmOfferBatchLine(models.Model):
    _name = "crm.offer.batch.line"
    _description = "Customer in a Selection for Offers"
    _order = "batch_id, id"
    _rec_name = "partner_id"

    batch_id = fields.Many2one("crm.offer.batch", required=True, index=True, ondelete="cascade")
    company_id = fields.Many2one(related="batch_id.company_id", store=True, index=True)
    partner_id = fields.Many2one("res.partner", "Customer", required=True, index=True, ondelete="restrict")
    preview = fields.Char("Would Be Offered", readonly=True)
    state = fields.Selection(
        [
            ("waiting", "Waiting"),
            ("offer", "Offer Made"),
            ("quotation", "Quotation Made"),
            ("empty", "Nothing to Offer"),
            ("failed", "Failed"),
        ],
        default="waiting",
        required=True,
        readonly=True,
        index=True,
    )
    offer_id = fields.Many2one("crm.offer", readonly=True, ondelete="set null", index="btree_not_null")
    sale_order_id = fields.Many2one(related="offer_id.sale_order_id")
    amount_untaxed = fields.Monetary(related="offer_id.amount_untaxed")
    currency_id = fields.Many2one(related="offer_id.currency_id")
    message = fields.Char("Reason", readonly=True)
    is_sending = fields.Boolean(readonly=True)
    is_sent = fields.Boolean("Sent", readonly=True)

    _batch_partner_uniq = models.UniqueIndex(
        "(batch_id, partner_id)", "Each customer can be in a selection once."
    )

    @api.model
    def _get_work_domain(self):
        return [
            "|",
            "&",
            ("state", "=", "waiting"),
            ("batch_id.state", "=", "running"),
            "&",
            ("is_sending", "=", True),
            ("is_sent", "=", False),
        ]

    def _process(self):
        """Make this customer's offer, or send it; what fails is written on the line."""
        self.ensure_one()
        batch = self.batch_id
        worker = self.with_user(batch.user_id).with_company(batch.company_id)
        # A quotation that could not be sent is still there: only making it can fail as a whole.
        failure = {"state": "failed"} if self.state == "waiting" else {}
        try:
            with self.env.cr.savepoint():
                values = worker._make_offer() if self.state == "waiting" else worker._send_quotation()
        except (UserError, ValidationError, AccessError) as error:
            values = {**failure, "message": str(error)}
        except Exception as error:
            # One customer must not stop the others, whatever is wrong with him.
            _logger.warning("Offer of customer %s failed", self.partner_id.id, exc_info=True)
            values = {
                **failure,
                "message": self.env._("Unexpected error: %s", type(error).__name__),
            }
        self.write({"is_sending": False, **values})

    def _make_offer(self):
        """:return: values that record the result on the line"""
        batch = self.batch_id
        partner = self.partner_id
        partner._crm_check_access()
        self.env["crm.customer.stat"]._ensure_fresh(partner, batch.company_id)
        Offer = self.env["crm.offer"]
        suggestions = Offer._suggest(partner, batch.line_limit).get(partner.id)
        if not suggestions:
            return {"state": "empty", "message": self.env._("Nothing fits this customer.")}
        offer = Offer.create(
            {
                "partner_id": partner.id,
                "batch_id": batch.id,
                "valid_until": batch.valid_until,
                "user_id": partner.user_id.id or batch.user_id.id,
                "line_ids": [
                    Command.create(values) for values in Offer._prepare_suggested_lines(partner, suggestions)
                ],
            }
        )
        if not batch.make_quotations:
            return {"state": "offer", "offer_id": offer.id}
        offer._make_quotation()
        may, reason = offer.sale_order_id.partner_id._crm_may_contact("email", MAIL_PURPOSE)
        return {"state": "quotation", "offer_id": offer.id, "message": False if may else reason}

    def _filter_may_be_sent(self):
        """Lines whose customer may get an offer by e-mail; on the others the reason is written."""
        answers = self.sale_order_id.partner_id._crm_may_contact_batch("email", MAIL_PURPOSE)
        allowed = self.browse()
        for line in self:
            may, reason = answers[line.sale_order_id.partner_id.id]
            if may:
                allowed |= line
            else:
                line.message = reason
        return allowed

    def _send_quotation(self):
        """Send by the template the ERP's own button would use, if the customer still agrees."""
        order = self.sale_order_id
        may, reason = order.partner_id._crm_may_contact("email", MAIL_PURPOSE)
        if not may:
            raise UserError(reason)
        template = order._find_mail_template()
        if not template:
            raise UserError(self.env._("The mail template for quotations is missing."))
        # At once: whoever says no until a deferred mail leaves would get it all the same.
        order._send_order_notification_mail(template, allow_deferred_sending=False)
        if order.state == "draft":
            order.action_quotation_sent()
        return {"is_sent": True, "message": False}

    def action_send(self):
        """Send this one quotation now."""
        self.ensure_one()
        if self.state != "quotation" or self.is_sent:
            raise UserError(self.env._("There is no quotation to send for %s.", self.partner_id.display_name))
        self.write({"is_sending": True})
        self.sudo()._process()  # sudo: writes the readonly result; works as the batch's responsible
        return True

    def action_open_offer(self):
        """The customer's offer, with its quotation if there is one."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Offer"),
            "res_model": "crm.offer",
            "res_id": self.offer_id.id,
            "views": [[False, "form"]],
        }
