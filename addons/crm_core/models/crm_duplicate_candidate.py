from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import format_amount, format_date

from .many2one_without_key import Many2oneWithoutKey

MANAGER = "crm_core.group_crm_core_manager"


class CrmDuplicateCandidate(models.Model):
    """Two partners who may be one, with a score and the reasons; a person decides.

    Pairs are found by :meth:`_find` alone (in a file of its own). A decision stays: who was found to be no
    duplicate is not shown again.
    """

    _name = "crm.duplicate.candidate"
    _description = "Possible Duplicate"
    _order = "score desc, id"
    _rec_name = "partner_id"

    # The one with the lower id, and the other
    partner_id = Many2oneWithoutKey("res.partner", "Customer", readonly=True, ondelete="set null")
    other_id = Many2oneWithoutKey("res.partner", "Possible Duplicate", readonly=True, ondelete="set null")
    state = fields.Selection(
        [("open", "To Decide"), ("merged", "Merged"), ("dismissed", "Not a Duplicate")],
        default="open",
        required=True,
        readonly=True,
        index=True,
    )

    # Why
    score = fields.Integer(readonly=True, help="0 to 100; from 45 on a pair is shown.")
    same_email = fields.Boolean(readonly=True)
    same_phone = fields.Boolean(readonly=True)
    same_vat = fields.Boolean("Same Tax ID", readonly=True)
    same_place = fields.Boolean(readonly=True, help="The same city or postal code.")
    name_similarity = fields.Float(readonly=True, help="0 to 1, of trigrams.")
    reasons = fields.Char("Why", compute="_compute_reasons")
    comparison = fields.Html(compute="_compute_comparison", sanitize=False)

    # What became of it
    merged_name = fields.Char("Was Merged Into It", readonly=True, help="The name of the one that is gone.")
    decided_by_id = fields.Many2one("res.users", readonly=True, ondelete="set null")
    decided_at = fields.Datetime("Decided On", readonly=True)
    can_decide = fields.Boolean(compute="_compute_can_decide")

    _pair_uniq = models.UniqueIndex("(partner_id, other_id) WHERE other_id IS NOT NULL")
    _other_idx = models.Index("(other_id)")

    # ------------------------------------------------------------------
    # Computes
    # ------------------------------------------------------------------

    @api.depends("partner_id", "other_id", "merged_name")
    def _compute_display_name(self):
        for pair in self:
            names = (pair.partner_id.display_name, pair.other_id.display_name or pair.merged_name)
            pair.display_name = " – ".join(filter(None, names))

    @api.depends("same_email", "same_phone", "same_vat", "same_place", "name_similarity")
    def _compute_reasons(self):
        for pair in self:
            pair.reasons = "; ".join(pair._get_reasons()).capitalize()

    def _get_reasons(self):
        """The evidence in words, the strongest first."""
        reasons = [
            text
            for is_same, text in (
                (self.same_vat, self.env._("same tax ID")),
                (self.same_email, self.env._("same e-mail address")),
                (self.same_phone, self.env._("same phone number")),
            )
            if is_same
        ]
        if self.name_similarity >= 0.3:
            share = round(100 * self.name_similarity)
            reasons.append(
                self.env._("same name")
                if share == 100
                else self.env._("similar name (%(share)s %%)", share=share)
            )
        if self.same_place:
            reasons.append(self.env._("same place"))
        return reasons

    @api.depends_context("uid")
    def _compute_can_decide(self):
        self.can_decide = self.env.user.has_group(MANAGER)

    @api.depends_context("company", "lang")
    @api.depends("partner_id", "other_id")
    def _compute_comparison(self):
        for pair in self:
            pair.comparison = pair._render_comparison() if pair.partner_id and pair.other_id else False

    def _render_comparison(self):
        """Both side by side as HTML, what differs marked; texts are escaped by the template."""
        both = self.partner_id | self.other_id
        entered = [(label, [get(partner) or "" for partner in both]) for label, get in self._get_compared()]
        facts = [
            (label, [get(partner) or "" for partner in both]) for label, get in self._get_compared_facts()
        ]
        rows = [
            {"label": label, "values": values, "differs": all(values) and len(set(values)) == 2}
            for label, values in entered
        ] + [{"label": label, "values": values, "differs": False} for label, values in facts]
        return self.env["ir.qweb"]._render(
            "crm_core.duplicate_comparison",
            {
                "partners": both,
                "rows": [row for row in rows if any(row["values"])],
                "older": min(both.ids),
            },
        )

    def _get_compared(self):
        """What was entered about both, and may differ.

        :return: (label, function of a partner that gives a text)
        """
        return [
            (self.env._("Name"), lambda partner: partner.name),
            (self.env._("Belongs to"), lambda partner: partner.parent_id.display_name),
            (self.env._("Reference"), lambda partner: partner.ref),
            (self.env._("Tax ID"), lambda partner: partner.vat),
            (self.env._("E-mail"), lambda partner: partner.email),
            (self.env._("Phone"), lambda partner: partner.phone),
            (self.env._("Street"), lambda partner: partner.street),
            (self.env._("City"), lambda partner: " ".join(filter(None, (partner.zip, partner.city)))),
            (self.env._("Country"), lambda partner: partner.country_id.name),
            (self.env._("Salesperson"), lambda partner: partner.user_id.name),
            (self.env._("Tags"), lambda partner: ", ".join(partner.category_id.mapped("name"))),
        ]

    def _get_compared_facts(self):
        """What tells which of them is the one in use; as :meth:`_get_compared`."""
        env = self.env
        stats = (self.partner_id | self.other_id)._crm_get_stats()
        currency = env.company.currency_id

        def fact(name, show):
            def get(partner):
                stat = stats.get(partner.commercial_partner_id)
                return show(stat[name]) if stat and stat[name] else ""

            return get

        def money(amount):
            return format_amount(env, amount, currency)

        return [
            (self.env._("Known since"), lambda partner: format_date(env, partner.create_date.date())),
            (self.env._("Contacts"), lambda partner: str(len(partner.child_ids) or "")),
            (self.env._("Orders"), fact("order_count", str)),
            (self.env._("Last order"), fact("last_order_date", lambda day: format_date(env, day))),
            (self.env._("Turnover, 12 months"), fact("invoiced_12m", money)),
            (self.env._("Owes"), fact("receivable", money)),
        ]

    # ------------------------------------------------------------------
    # Deciding
    # ------------------------------------------------------------------

    def _check_can_decide(self):
        if not (self.env.su or self.env.user.has_group(MANAGER)):
            raise AccessError(self.env._("Only a manager of Customer Relations decides about duplicates."))
        self.check_access("write")
        if decided := self.filtered(lambda pair: pair.state == "merged")[:1]:
            raise UserError(self.env._("%s were merged already.", decided.display_name))

    def action_keep_first(self):
        """Merge: the first partner stays, the other goes into it."""
        return self._merge_into("partner_id", "other_id")

    def action_keep_second(self):
        """Merge: the second partner stays, the first goes into it."""
        return self._merge_into("other_id", "partner_id")

    def _merge_into(self, kept, gone):
        """By the ERP's own merge: documents, contacts and facts go over to the one that stays."""
        self.ensure_one()
        self._check_can_decide()
        survivor, source = self[kept], self[gone]
        if not (survivor.exists() and source.exists()):
            raise UserError(self.env._("One of the two is gone already. Look for duplicates anew."))
        (survivor | source).check_access("write")
        # First: an open pair goes with the partner that is deleted.
        self.write(
            {
                "partner_id": survivor.id,
                "other_id": False,
                "merged_name": source.display_name,
                **self._prepare_decision("merged"),
            }
        )
        self.flush_recordset()
        # sudo: merging rewrites documents of apps the manager may have no right to; both partners are his to
        # write, checked above, and that the addresses differ he has seen side by side
        wizard = self.env["base.partner.merge.automatic.wizard"].sudo().create({})
        wizard._merge((survivor | source).ids, survivor, extra_checks=False)
        self.env.invalidate_all()
        return survivor.action_crm_overview()

    def action_dismiss(self):
        """They are two: never show this pair again."""
        self._check_can_decide()
        self.write(self._prepare_decision("dismissed"))
        return True

    def action_reopen(self):
        """Decide anew."""
        self._check_can_decide()
        self.write({"state": "open", "decided_by_id": False, "decided_at": False})
        return True

    def _prepare_decision(self, state):
        return {"state": state, "decided_by_id": self.env.uid, "decided_at": fields.Datetime.now()}

    @api.model
    def action_find(self):
        """Look for duplicates among all customers, in the background."""
        self._check_can_decide()
        self.env.ref("crm_core.ir_cron_duplicate_find").sudo()._trigger()  # sudo: wakes it, no more
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "info",
                "message": self.env._("Duplicates are being looked for; come back in a minute."),
            },
        }
