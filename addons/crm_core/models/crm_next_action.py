import logging
from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tools import SQL

from .many2one_without_key import Many2oneWithoutKey

_logger = logging.getLogger(__name__)

OPEN_STATES = ("proposed", "later")
LATER_MAX = 365


class CrmNextAction(models.Model):
    """One act proposed for one customer: why, by whom, until when, and what became of it.

    The customer is no foreign key: merging partners would take all rows of a customer away where two of
    them were proposed the same act.
    """

    _name = "crm.next.action"
    _description = "Next Action"
    _order = "score desc, id"
    _rec_name = "reason"

    rule_id = fields.Many2one("crm.action.rule", required=True, readonly=True, index=True, ondelete="cascade")
    action_kind = fields.Selection(related="rule_id.action_kind")
    company_id = fields.Many2one("res.company", required=True, readonly=True, index=True)
    partner_id = Many2oneWithoutKey(
        "res.partner", "Customer", required=True, readonly=True, ondelete="restrict"
    )
    contact_id = Many2oneWithoutKey("res.partner", "Contact", readonly=True, ondelete="set null")
    user_id = fields.Many2one("res.users", "Employee", index=True, ondelete="set null")
    score = fields.Float(readonly=True, aggregator="avg")
    reason = fields.Char("Why", readonly=True)
    channel = fields.Selection(related="rule_id.channel")
    valid_until = fields.Date(readonly=True)
    later_on = fields.Date("Again On", readonly=True)

    state = fields.Selection(
        [
            ("proposed", "Proposed"),
            ("later", "Later"),
            ("accepted", "Done"),
            ("rejected", "Rejected"),
            ("blocked", "Not Allowed"),
            ("failed", "Failed"),
            ("expired", "Expired"),
            ("control", "Left Alone"),
        ],
        required=True,
        readonly=True,
        default="proposed",
        index=True,
    )
    is_control = fields.Boolean("Control Group", readonly=True)
    answered_at = fields.Datetime("Answered", readonly=True)
    answered_by_id = fields.Many2one("res.users", readonly=True, ondelete="set null")
    reject_reason = fields.Selection(
        [
            ("done", "Already done"),
            ("not_now", "Not the right moment"),
            ("not_fitting", "Does not fit this customer"),
            ("wrong", "The facts are wrong"),
            ("other", "Other"),
        ],
        "Rejected Because",
        readonly=True,
    )
    note = fields.Char(readonly=True)

    # What was made of it
    res_model = fields.Char("Document Model", readonly=True)
    res_id = fields.Many2oneReference("Document", model_field="res_model", readonly=True)

    # What happened within the days the rule looks at
    result = fields.Selection(
        [("order", "Order"), ("answer", "Answer"), ("none", "Nothing")], readonly=True, index="btree_not_null"
    )
    result_at = fields.Datetime(readonly=True)
    result_amount = fields.Monetary("Ordered", readonly=True)
    currency_id = fields.Many2one(related="company_id.currency_id")

    _open_uniq = models.UniqueIndex(
        "(rule_id, partner_id) WHERE state IN ('proposed', 'later')",
        "This is proposed for the customer already.",
    )
    _customer_idx = models.Index("(partner_id, state)")
    _unmeasured_idx = models.Index("(create_date) WHERE result IS NULL")

    # ------------------------------------------------------------------
    # Answers of the employee
    # ------------------------------------------------------------------

    def action_accept(self) -> dict | bool:
        """Do what is proposed.

        Whether the customer may be contacted is asked again, in this moment.

        :return: an action that opens what was made or has to be filled in, or True
        :raise UserError: it was answered already, or the customer may not be contacted
        """
        self.ensure_one()
        self._lock_open()
        self._check_may_contact()
        return getattr(self, f"_run_{self.rule_id.action_kind}")() or True

    def action_later(self, days: int = 1) -> bool:
        """Propose it again in some days.

        :param days: 1 to 365
        :raise UserError: number of days out of range, or it was answered already
        """
        if not isinstance(days, int) or not 1 <= days <= LATER_MAX:
            raise UserError(self.env._("Later means in 1 to %s days.", LATER_MAX))
        for action in self:
            action._lock_open()
            day = action.company_id._crm_today() + timedelta(days=days)
            # sudo: own proposals of the user (checked by _lock_open) that no role writes freely
            action.sudo().write(
                {"state": "later", "later_on": day, "valid_until": max(day, action.valid_until or day)}
            )
        return True

    def action_reject(self, reason: str = "other", note: str | None = None) -> bool:
        """Say no to a proposal; it is not made again for the days of the rule.

        :param reason: ``done``, ``not_now``, ``not_fitting``, ``wrong`` or ``other``
        :param note: in own words
        :raise UserError: an unknown reason, or it was answered already
        """
        if reason not in dict(self._fields["reject_reason"].selection):
            raise UserError(self.env._("“%s” is no reason.", reason))
        for action in self:
            action._lock_open()
            action._close("rejected", reject_reason=reason, note=note)
        return True

    def action_reopen(self) -> bool:
        """Take back a rejection or a postponement."""
        for action in self:
            action.check_access("read")
            if action.state not in ("rejected", "later"):
                raise UserError(self.env._("Only what was rejected or postponed can be proposed again."))
            # sudo: as in action_later
            action.sudo().write(
                {"state": "proposed", "later_on": False, "reject_reason": False, "answered_at": False}
            )
        return True

    def _lock_open(self):
        """Two people may answer at once: the second is told.

        :raise UserError: it was answered already
        """
        self.ensure_one()
        self.check_access("read")
        if not self.sudo().try_lock_for_update():  # sudo: to lock is to write
            raise UserError(self.env._("Somebody is at this right now."))
        if self.state not in OPEN_STATES:
            raise UserError(
                self.env._("“%s” was answered already. Refresh the page to see how.", self.rule_id.name)
            )

    def _check_may_contact(self):
        """:raise UserError: the customer may not be contacted now, with the reason"""
        allowed, reason = self._ask_may_contact()
        if not allowed:
            raise UserError(reason)

    def _ask_may_contact(self):
        rule = self.rule_id.sudo()  # sudo: channel and purpose of the rule
        if not rule.channel:
            return True, ""
        person = self._get_person().with_company(self.company_id)
        return person._crm_may_contact(rule.channel, rule.purpose_id)

    def _get_person(self):
        """The contact, or the customer where the contact is gone (see :meth:`_forget_partners`)."""
        # sudo: the customer of a proposal the user may see
        return (self.contact_id or self.partner_id).sudo()

    def _close(self, state, **values):
        # sudo: proposals the user may see, closed by the methods above alone
        self.sudo().write(
            {
                "state": state,
                "answered_at": fields.Datetime.now(),
                "answered_by_id": self.env.uid if not self.env.su else False,
                **values,
            }
        )

    def _answer_by(self, log):
        """A contact that was logged answers the proposal; what was answered meanwhile stays so.

        :raise AccessError: the proposal is another's
        """
        self.check_access("read")
        if self.state in OPEN_STATES and self.partner_id == log.commercial_partner_id:
            self._accept(log)

    def _accept(self, record=None):
        """Mark as done; ``record`` is what was made."""
        values = {"res_model": record._name, "res_id": record.id} if record else {}
        self._close("accepted", **values)

    # ------------------------------------------------------------------
    # Kinds of acts
    # ------------------------------------------------------------------

    def _run_contact(self):
        """The contact is logged when it took place: the form closes the proposal when it is saved."""
        action = self.env["ir.actions.act_window"]._for_xml_id("crm_core.crm_contact_log_new_action")
        rule = self.rule_id.sudo()  # sudo: name and channel of the rule
        channel = {"sms": "message"}.get(rule.channel, rule.channel) or "phone"
        return {
            **action,
            "context": {
                "default_partner_id": self._get_person().id,
                "default_channel": channel,
                "default_subject": rule.name,
                "default_next_action_id": self.id,
            },
        }

    def _run_activity(self):
        rule = self.rule_id.sudo()  # sudo: what the rule plans
        # sudo: whoever has the proposal may plan it, also who may not edit the customer
        activity = self._get_person().activity_schedule(
            activity_type_id=rule.activity_type_id.id,
            summary=rule.name,
            note=self.reason,
            date_deadline=self.company_id._crm_today(),
            user_id=self.user_id.id or self.env.uid,
        )
        self._accept(activity)

    def _run_offer(self):
        customer = self.partner_id
        here = self.env["crm.offer"].with_company(self.company_id)
        self.env["crm.customer.stat"]._ensure_fresh(customer, self.company_id)
        suggestions = here._suggest(customer).get(customer.id)
        if not suggestions:
            raise UserError(self.env._("Nothing fits %s at the moment.", customer.display_name))
        lines = here._prepare_suggested_lines(customer, suggestions)
        offer = here.create(
            {
                "partner_id": customer.id,
                "user_id": self.user_id.id or self.env.uid,
                "line_ids": [Command.create(line) for line in lines],
            }
        )
        self._accept(offer)
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Offer"),
            "res_model": "crm.offer",
            "res_id": offer.id,
            "views": [[False, "form"]],
        }

    def _run_mail(self):
        person = self._get_person()
        template = self.rule_id.sudo().mail_template_id  # sudo: the template chosen by a manager
        if not person.email:
            raise UserError(self.env._("%s has no e-mail address.", person.display_name))
        message = person.message_post_with_source(
            template,
            message_type="comment",
            subtype_xmlid="crm_core.mt_payment_reminder"
            if self._is_payment_reminder()
            else "mail.mt_comment",
            partner_ids=person.ids,
        )
        self._accept(message)

    def _is_payment_reminder(self):
        """Whether it is about what the customer owes, and something is overdue."""
        # sudo: facts of the rule, whoever does it
        stat = self.env["crm.customer.stat"].sudo()
        about = [("partner_id", "=", self.partner_id.id), ("company_id", "=", self.company_id.id)]
        return self.rule_id.sudo()._is_about_overdue() and bool(stat.search([*about, ("overdue", ">", 0)]))

    def _run_server(self):
        # sudo: which action a manager chose in the rule; it runs with the rights of the user at work
        action = self.rule_id.sudo().server_action_id.with_user(self.env.user)
        partner = self.partner_id
        result = action.with_context(
            active_model="res.partner", active_id=partner.id, active_ids=partner.ids
        ).run()
        self._accept()
        return result

    def _run_automatically(self):
        """Do these at once; one that fails stops no other."""
        for action in self:
            allowed, reason = action._ask_may_contact()
            if not allowed:
                action._close("blocked", note=reason)
                continue
            try:
                with self.env.cr.savepoint():
                    getattr(action, f"_run_{action.rule_id.action_kind}")()
            except UserError as error:
                action._close("failed", note=str(error))
            except Exception as error:
                _logger.warning("Next action %s failed", action.id, exc_info=True)
                action._close("failed", note=self.env._("Unexpected error: %s", type(error).__name__))

    # ------------------------------------------------------------------
    # Following customers
    # ------------------------------------------------------------------

    @api.model
    def _forget_partners(self, ids):
        """Take away what was proposed for deleted partners: no foreign key does."""
        self.env.cr.execute(SQL("DELETE FROM crm_next_action WHERE partner_id = ANY(%s)", list(ids)))
        self.env.cr.execute(
            SQL("UPDATE crm_next_action SET contact_id = NULL WHERE contact_id = ANY(%s)", list(ids))
        )
        self.invalidate_model()

    @api.model
    def _merge_partners(self, gone_ids, survivor_id):
        """What was proposed for merged partners goes to the one that is left; of two open proposals of one
        rule the better stays.
        """
        gone = list(gone_ids)
        self.env.cr.execute(
            SQL(
                """
                UPDATE crm_next_action action
                   SET state = 'expired'
                 WHERE action.state IN ('proposed', 'later')
                   AND action.partner_id = ANY(%(all)s)
                   AND EXISTS (SELECT FROM crm_next_action better
                                WHERE better.rule_id = action.rule_id
                                  AND better.partner_id = ANY(%(all)s)
                                  AND better.state IN ('proposed', 'later')
                                  AND (better.score, -better.id) > (action.score, -action.id))
                """,
                all=[*gone, survivor_id],
            )
        )
        for column in ("partner_id", "contact_id"):
            self.env.cr.execute(
                SQL(
                    "UPDATE crm_next_action SET %(column)s = %(survivor)s WHERE %(column)s = ANY(%(gone)s)",
                    column=SQL.identifier(column),
                    survivor=survivor_id,
                    gone=gone,
                )
            )
        self.invalidate_model()

    # ------------------------------------------------------------------
    # With time
    # ------------------------------------------------------------------

    @api.model
    def _cron_follow(self):
        """Let proposals expire and see what came of them; set-based, in one transaction."""
        self.env.flush_all()
        self._expire()
        self._measure_results()
        self.invalidate_model()

    @api.model
    def _expire(self):
        self.env.cr.execute(
            SQL(
                """
                UPDATE crm_next_action action
                   SET state = 'expired'
                 WHERE state IN ('proposed', 'later')
                   AND valid_until < %s
                """,
                self.env["res.company"]._crm_today_sql(SQL("action.company_id")),
            )
        )

    @api.model
    def _measure_results(self):
        """What each customer did within the days of the rule, those left alone too.

        All who were proposed count, whatever the employee answered: only so are they comparable with
        those who were drawn to be left alone.
        """
        self.env.cr.execute(
            """
            WITH waiting AS (
                SELECT action.id, action.partner_id, action.company_id, action.create_date AS since,
                       action.create_date + rule.result_days * interval '1 day' AS until
                  FROM crm_next_action action
                  JOIN crm_action_rule rule ON rule.id = action.rule_id
                 WHERE action.result IS NULL
            ), ordered AS (
                SELECT w.id, min(o.date_order) AS at, sum(o.amount_untaxed / o.currency_rate) AS amount
                  FROM waiting w
                  JOIN res_partner p ON p.commercial_partner_id = w.partner_id
                  JOIN sale_order o ON o.partner_id = p.id AND o.company_id = w.company_id
                 WHERE o.state = 'sale' AND o.date_order >= w.since AND o.date_order < w.until
                 GROUP BY w.id
            ), answered AS (
                SELECT w.id, min(i.date) AS at
                  FROM waiting w
                  JOIN crm_interaction i ON i.commercial_partner_id = w.partner_id
                 WHERE i.direction = 'in' AND i.channel != 'document'
                   AND (i.company_id IS NULL OR i.company_id = w.company_id)
                   AND i.date >= w.since AND i.date < w.until
                 GROUP BY w.id
            )
            UPDATE crm_next_action action
               SET result = CASE WHEN o.id IS NOT NULL THEN 'order'
                                 WHEN a.id IS NOT NULL THEN 'answer' ELSE 'none' END,
                   result_at = COALESCE(o.at, a.at),
                   result_amount = o.amount
              FROM waiting w
              LEFT JOIN ordered o ON o.id = w.id
              LEFT JOIN answered a ON a.id = w.id
             WHERE action.id = w.id
               -- An answer may still become an order.
               AND (o.id IS NOT NULL OR w.until < now() AT TIME ZONE 'UTC')
            """
        )
