from odoo import api, fields, models
from odoo.fields import Domain

from odoo.addons.crm_core.models.many2one_without_key import Many2oneWithoutKey

from ..lib import pyramid
from ..lib.pyramid import LEVELS, Part

SHOWN = 8  # customers in each list of the screen


class CrmAnalyticsPyramid(models.Model):
    """How well one customer is served: response, reliability, relationship, 0 to 100 each.

    Written by :meth:`_refresh` alone, each night and whole, for the customers who have a score.
    """

    _name = "crm.analytics.pyramid"
    _description = "Relationship with a Customer"
    _order = "lift desc, id"
    _rec_name = "partner_id"
    _rec_names_search = ["partner_id"]
    _log_access = False

    company_id = Many2oneWithoutKey("res.company", required=True, readonly=True, ondelete="cascade")
    partner_id = Many2oneWithoutKey(
        "res.partner", "Customer", required=True, readonly=True, ondelete="cascade"
    )
    segment_id = Many2oneWithoutKey(
        "crm.analytics.segment", readonly=True, index="btree_not_null", ondelete="set null"
    )
    user_id = fields.Many2one(related="partner_id.user_id", string="Salesperson")
    country_id = fields.Many2one(related="partner_id.country_id")
    as_of = fields.Date(required=True, readonly=True)

    # Unknown is NULL in the database, which the ERP shows as 0; the level below tells both apart.
    response = fields.Float(readonly=True, aggregator="avg", digits=(10, 0), help="How soon we answer.")
    reliability = fields.Float(
        readonly=True, aggregator="avg", digits=(10, 0), help="Whether we keep our word."
    )
    relationship = fields.Float(
        readonly=True, aggregator="avg", digits=(10, 0), help="How much the customer stays and comes back."
    )
    known_levels = fields.Char(readonly=True, export_string_translation=False)
    has_response = fields.Boolean(compute="_compute_known")
    has_reliability = fields.Boolean(compute="_compute_known")
    parts = fields.Json(
        readonly=True,
        export_string_translation=False,
        help="By part: score (0 to 100), number of cases, measure in its own unit.",
    )
    earlier = fields.Json(
        readonly=True, export_string_translation=False, help="Scores of the parts at an earlier day."
    )
    earlier_on = fields.Date("Compared with", readonly=True)
    kept = fields.Json(readonly=True, export_string_translation=False, help="What to compare with next.")
    kept_on = fields.Date(readonly=True)
    change = fields.Float(
        readonly=True,
        aggregator="avg",
        digits=(10, 1),
        help="Points by which the parts moved on average since the day they are compared with.",
    )
    lift_part = fields.Selection(
        "_selection_parts", "Would Lift Most", readonly=True, help="What to mend first for this customer."
    )
    lift = fields.Float(
        "Points to Gain",
        readonly=True,
        aggregator="avg",
        digits=(10, 0),
        help="On its level, if this part were as good as with the best fourth of our customers.",
    )
    moved = fields.Char("What Moved It", compute="_compute_words")
    next_act = fields.Char("Next", compute="_compute_words")

    _company_partner_uniq = models.UniqueIndex("(partner_id, company_id)")
    _company_lift_idx = models.Index("(lift_part, lift DESC, company_id) WHERE lift_part IS NOT NULL")
    _company_change_idx = models.Index("(change, company_id) WHERE change IS NOT NULL")

    @api.depends("known_levels")
    def _compute_known(self):
        for customer in self:
            known = (customer.known_levels or "").split()
            customer.has_response = "response" in known
            customer.has_reliability = "reliability" in known

    @api.depends("parts", "earlier", "kept", "lift_part", "lift")
    def _compute_words(self):
        parts, words = self._get_parts(), self._get_part_words()
        for customer in self:
            now = {name: found[0] for name, found in (customer.parts or {}).items()}
            moved = pyramid.compare(parts, now, customer._get_earlier()[0])
            customer.moved = moved and self.env._(
                "%(part)s: %(points)s points",
                part=words[moved[0]]["name"],
                points=f"{moved[1]:+.0f}",
            )
            customer.next_act = words[customer.lift_part]["advice"] if customer.lift_part else ""

    # What it is made of ----------------------------------------------------------

    @api.model
    def _get_parts(self):
        """The parts, in the order in which they are shown. An addon with records of its own adds to them,
        to :meth:`_get_part_words`, and has a method ``_get_<name>_query`` (see :meth:`_read_part`).

        :rtype: list[Part]
        """
        return [
            Part("first_answer", "response"),
            Part("quotation", "response"),
            Part("delivery", "reliability"),
            Part("invoice", "reliability"),
            Part("tenure", "relationship", is_case=False, can_act=False),
            Part("repeat", "relationship", is_case=False),
            Part("breadth", "relationship", is_case=False),
        ]

    @api.model
    def _get_part_words(self):
        """What a person reads of each part.

        :return: {name: {name, measure (with ``%s``), formula, advice}}
        :rtype: dict
        """
        return {
            "first_answer": {
                "name": self.env._("First answer on requests"),
                "measure": self.env._("Hours: %s"),
                "formula": self.env._(
                    "Leads and opportunities on which the customer wrote, last 12 months. Each counts 100 if"
                    " answered at once, 50 after 24 hours, 25 after 48; an open one as long as it waits."
                ),
                "advice": self.env._("Answer the customer's open requests first."),
            },
            "quotation": {
                "name": self.env._("From request to quotation"),
                "measure": self.env._("Hours: %s"),
                "formula": self.env._(
                    "Opportunities with a quotation, last 12 months. Each counts 100 if quoted at once, 50"
                    " after 72 hours, 25 after 144."
                ),
                "advice": self.env._("Quote the open opportunities."),
            },
            "delivery": {
                "name": self.env._("Deliveries on time and in full"),
                "measure": self.env._("%s %%"),
                "formula": self.env._(
                    "Share of the deliveries of the last 12 months done by their deadline, with nothing left"
                    " for a later one."
                ),
                "advice": self.env._("Look after the next deliveries, and tell early what will be late."),
            },
            "invoice": {
                "name": self.env._("Invoices without a credit"),
                "measure": self.env._("%s %%"),
                "formula": self.env._(
                    "Share of the posted invoices of the last 12 months that no credit note takes back."
                ),
                "advice": self.env._(
                    "Find out why invoices were credited, and check the next before it leaves."
                ),
            },
            "tenure": {
                "name": self.env._("Years as a customer"),
                "measure": self.env._("Years: %s"),
                "formula": self.env._("Since the first purchase: 50 after two years, 75 after four."),
                "advice": "",
            },
            "repeat": {
                "name": self.env._("Quarters with a purchase"),
                "measure": self.env._("%s %%"),
                "formula": self.env._(
                    "Share of the last four quarters, or of those since the first purchase, in which the"
                    " customer bought."
                ),
                "advice": self.env._("Make the next offer, before the customer looks elsewhere."),
            },
            "breadth": {
                "name": self.env._("Breadth of products"),
                "measure": self.env._("Categories: %s"),
                "formula": self.env._(
                    "Product categories bought in 12 months; 100: as many as the best tenth."
                ),
                "advice": self.env._("Offer what similar customers buy and this one does not."),
            },
        }

    @api.model
    def _get_level_words(self):
        return {
            "response": self.env._("Response"),
            "reliability": self.env._("Reliability"),
            "relationship": self.env._("Relationship"),
        }

    @api.model
    def _selection_parts(self):
        words = self._get_part_words()
        return [(part.name, words[part.name]["name"]) for part in self._get_parts()]

    # What people see -----------------------------------------------------------------

    def _describe(self):
        """One customer's pyramid for a screen.

        :return: ``levels`` from the base up (key, name, score or None, ``change``, ``parts``), ``moved``,
            ``next_act``, ``lift``, ``as_of``, ``earlier_on``
        :rtype: dict
        """
        self.ensure_one()
        now = self.parts or {}
        before, earlier_on = self._get_earlier()
        known = (self.known_levels or "").split()
        scores = {level: self[level] if level in known else None for level in LEVELS}
        return {
            "levels": self._describe_levels(scores, now, before),
            "moved": self.moved or "",
            "next_act": self.next_act or "",
            "lift": round(self.lift),
            "lift_part": self.lift_part or "",
            "as_of": fields.Date.to_string(self.as_of),
            "earlier_on": fields.Date.to_string(earlier_on) or "",
        }

    def _get_earlier(self):
        """What to compare with: ({part: score}, day)."""
        return (self.earlier, self.earlier_on) if self.earlier else (self.kept or {}, self.kept_on)

    @api.model
    def _describe_levels(self, scores, now, before):
        """Levels from the base up, with their parts.

        :param dict scores: {level: score or None}
        :param dict now: {name of the part: [score, cases, measure]}
        :param dict before: {name of the part: score}
        """
        words, names = self._get_part_words(), self._get_level_words()
        levels = []
        for level in LEVELS:
            parts = [part for part in self._get_parts() if part.level == level]
            levels.append(
                {
                    "key": level,
                    "name": names[level],
                    "score": None if scores[level] is None else round(scores[level]),
                    "parts": [
                        self._describe_part(part, words[part.name], now.get(part.name), before.get(part.name))
                        for part in parts
                    ],
                }
            )
        return levels

    @api.model
    def _describe_part(self, part, words, now, before):
        score, count, measure = now or (None, 0, None)
        return {
            "key": part.name,
            "name": words["name"],
            "formula": words["formula"],
            "score": None if score is None else round(score),
            "count": count if part.is_case else 0,
            "can_act": part.can_act,
            "measure": "" if measure is None else words["measure"] % f"{measure:g}",
            "change": None if score is None or before is None else round(score - before),
        }

    @api.model
    def crm_relationship(self, segment_id=False):
        """What the screen *Relationship* shows of the current company.

        :param segment_id: of this segment alone
        :return: ``count`` of customers; ``levels`` as in :meth:`_describe`, of all of them together;
            ``months`` (day, scores); ``lifts``: what would lift most, by part; ``fallen``: customers
        :rtype: dict
        """
        self.check_access("read")
        own = Domain("company_id", "=", self.env.company.id)
        if segment_id:
            own &= Domain("segment_id", "=", segment_id)
        ((count, as_of),) = self._read_group(own, [], ["__count", "as_of:max"])
        history = self.env["crm.analytics.pyramid.month"].search(
            Domain("company_id", "=", self.env.company.id) & Domain("segment_id", "=", segment_id),
            order="month desc",
            limit=13,
        )
        return {
            "count": count,
            "as_of": fields.Date.to_string(as_of) or "",
            "segments": self.env["crm.analytics.segment"].search([], limit=100).read(["name"]),
            **self.env["crm.analytics.pyramid.month"]._compare(history[:1], history[1:2]),
            "months": [month._as_point() for month in reversed(history)],
            "lifts": self._find_lifts(own),
            "fallen": [
                {
                    "id": customer.partner_id.id,
                    "name": customer.partner_id.display_name,
                    "change": round(customer.change),
                    "moved": customer.moved or "",
                    "next_act": customer.next_act or "",
                }
                for customer in self.search(own & Domain("change", "<", -1), order="change, id", limit=SHOWN)
            ],
        }

    @api.model
    def _find_lifts(self, own):
        words = self._get_part_words()
        found = self._read_group(
            own & Domain("lift_part", "!=", False),
            ["lift_part"],
            ["__count", "lift:avg"],
            order="__count desc",
        )
        return [
            {
                "key": name,
                "name": words[name]["name"],
                "advice": words[name]["advice"],
                "count": count,
                "lift": round(lift),
            }
            for name, count, lift in found
            if name in words
        ]

    @api.model
    def crm_relationship_customers(self, part=False, segment_id=False):
        """Action that opens the customers behind a figure of the screen.

        :param part: those for whom mending this part would lift most; empty: all
        :param segment_id: of this segment alone
        """
        action = self.env["ir.actions.act_window"]._for_xml_id("crm_analytics.crm_analytics_pyramid_action")
        domain = Domain("company_id", "=", self.env.company.id)
        if part:
            domain &= Domain("lift_part", "=", part)
            action["name"] = dict(self._selection_parts()).get(part, action["name"])
        if segment_id:
            domain &= Domain("segment_id", "=", segment_id)
        return {**action, "domain": list(domain), "context": {}}

    def action_open_overview(self):
        """Open the customer's 360 screen."""
        self.ensure_one()
        return self.partner_id.action_crm_overview()

    def action_prepare_offers(self):
        """Start a selection for offers with these customers."""
        return self.env["crm.customer.stat"]._action_prepare_offers(self.partner_id)


class CrmAnalyticsPyramidMonth(models.Model):
    """The mean of the customers of a company, or of one of its segments, at the end of a month."""

    _name = "crm.analytics.pyramid.month"
    _description = "Relationship with Customers by Month"
    _order = "month desc, id"
    _rec_name = "month"
    _log_access = False

    company_id = fields.Many2one("res.company", required=True, readonly=True, ondelete="cascade")
    segment_id = fields.Many2one("crm.analytics.segment", readonly=True, index=True, ondelete="cascade")
    month = fields.Date(required=True, readonly=True, help="Its first day.")
    customer_count = fields.Integer("Customers", readonly=True, aggregator=None)
    response = fields.Float(readonly=True, aggregator="avg", digits=(10, 1))
    reliability = fields.Float(readonly=True, aggregator="avg", digits=(10, 1))
    relationship = fields.Float(readonly=True, aggregator="avg", digits=(10, 1))
    known_levels = fields.Char(readonly=True, export_string_translation=False)
    parts = fields.Json(readonly=True, export_string_translation=False)

    _month_uniq = models.UniqueIndex("(company_id, COALESCE(segment_id, 0), month)")

    def _get_scores(self):
        known = (self.known_levels or "").split()
        return {level: self[level] if level in known else None for level in LEVELS}

    @api.model
    def _compare(self, month, before):
        """Levels of a month, compared with those of another one; either may be empty."""
        earlier = {name: found[0] for name, found in (before.parts or {}).items()}
        Pyramid = self.env["crm.analytics.pyramid"]
        levels = Pyramid._describe_levels(month._get_scores(), month.parts or {}, earlier)
        then = before._get_scores()
        for level in levels:
            score, other = level["score"], then[level["key"]]
            level["change"] = None if score is None or other is None else round(score - other)
        return {"levels": levels, "earlier_on": fields.Date.to_string(before.month) or ""}

    def _as_point(self):
        return {
            "month": fields.Date.to_string(self.month),
            "count": self.customer_count,
            **{
                level: None if score is None else round(score, 1)
                for level, score in self._get_scores().items()
            },
        }
