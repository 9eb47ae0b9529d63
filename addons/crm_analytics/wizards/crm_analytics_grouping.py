import math

import numpy as np

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from ..lib import cluster

LOOKED_AT = 100_000  # customers, those with the most revenue first
ENOUGH = 10_000  # customers to choose the number of groups by
DAYS_MIN = 30  # of history below which a rhythm by year means nothing


class CrmAnalyticsGrouping(models.TransientModel):
    """Groups of customers who behave alike, found without rules: what the named segments may have missed.

    k-means on the scores of the night (``lib.cluster``). Groups that another sample would not show again are
    said to be none.
    """

    _name = "crm.analytics.grouping"
    _description = "Customers Who Behave Alike"

    company_id = fields.Many2one("res.company", required=True, readonly=True)
    currency_id = fields.Many2one(related="company_id.currency_id")
    number = fields.Selection(
        [("0", "As the data say"), *((str(count), str(count)) for count in range(2, 9))],
        "Groups",
        default="0",
        required=True,
    )
    customer_count = fields.Integer("Customers Looked At", readonly=True)
    status = fields.Selection(
        [("ok", "Good"), ("unstable", "Unstable"), ("insufficient", "Too few customers"), ("empty", "Empty")],
        default="empty",
        readonly=True,
    )
    stability = fields.Float(
        readonly=True,
        digits=(4, 2),
        help="1: other samples of the customers show the same groups; 0: they show others each time.",
    )
    verdict = fields.Char(compute="_compute_verdict")
    line_ids = fields.One2many("crm.analytics.grouping.line", "grouping_id", "Found", readonly=True)

    @api.depends("status", "customer_count", "stability")
    def _compute_verdict(self):
        for grouping in self:
            if grouping.status == "empty":
                said = grouping.env._("No customer has scores yet. They come in the night.")
            elif grouping.status == "insufficient":
                said = grouping.env._("Fewer than 50 customers: whatever is found may be luck.")
            elif grouping.status == "unstable":
                said = grouping.env._(
                    "Another sample of the customers would show other groups: don't build on these."
                )
            else:
                said = grouping.env._("Other samples of the customers show the same groups.")
            if grouping.customer_count == LOOKED_AT:
                said += " " + grouping.env._(
                    "The %s customers with the most revenue were looked at.", f"{LOOKED_AT:,}"
                )
            grouping.verdict = said

    def _compute_display_name(self):
        for grouping in self:
            grouping.display_name = grouping.env._("Customers Who Behave Alike")

    @api.model
    def action_start(self):
        """Look for groups among the customers of the current company, and show them."""
        self.env["crm.analytics.customer"].check_access("read")
        grouping = self.create({"company_id": self.env.company.id})
        return grouping.action_find()

    def action_find(self):
        """Look again, with the number of groups that was chosen."""
        self.ensure_one()
        partner_ids, revenue, table = self._read_scores()
        number = int(self.number)
        if len(table) and not number:
            # Every so manieth, by revenue: a number needs no more to be chosen, and is asked for on screen.
            number = cluster.choose_number(table[:: -(-len(table) // ENOUGH)])[0]
        found = cluster.cluster(table, number or 1)
        steady = math.isfinite(found.stability)
        self.line_ids.unlink()
        self.write(
            {
                "customer_count": len(table),
                "status": found.status,
                "stability": found.stability if steady else 0.0,
                "line_ids": [
                    fields.Command.create(values)
                    for values in self._prepare_lines(found, partner_ids, revenue, table)
                ],
            }
        )
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Customers Who Behave Alike"),
            "res_model": self._name,
            "res_id": self.id,
            "views": [[False, "form"]],
        }

    def _read_scores(self):
        """What customers are told apart by, of those the reader sees.

        :return: partner ids (n,), revenue of 12 months (n,), features (n, number of :meth:`_get_features`)
        """
        Score = self.env["crm.analytics.customer"]
        query = Score._search(
            [("company_id", "=", self.company_id.id)], order="revenue_12m desc, id", limit=LOOKED_AT
        )
        columns = [SQL.identifier("crm_analytics_customer", name) for name in ("partner_id", "revenue_12m")]
        features = self._get_features()
        rows = self.env.execute_query(query.select(*columns, *features.values()))
        table = np.array(rows, dtype=float).reshape(-1, 2 + len(features))
        return table[:, 0].astype(int), table[:, 1], table[:, 2:]

    @api.model
    def _get_features(self):
        """{name: SQL expression over the scores}; another addon adds its own, and its words."""
        score = SQL.identifier("crm_analytics_customer")
        age = SQL("GREATEST(%(score)s.as_of - %(score)s.first_day, %(least)s)", score=score, least=DAYS_MIN)
        return {
            "silence": SQL("(%(score)s.as_of - %(score)s.last_day)::float", score=score),
            "rate": SQL("365.0 * %s.purchase_days / %s", score, age),
            "value": SQL("%s.average_value::float", score),
            "refunds": SQL("%s.refund_rate::float", score),
            "tenure": SQL("%s::float", age),
        }

    @api.model
    def _get_words(self):
        """{feature: (above the others, below the others)}"""
        return {
            "silence": (self.env._("silent for long"), self.env._("bought lately")),
            "rate": (self.env._("buy often"), self.env._("buy seldom")),
            "value": (self.env._("large purchases"), self.env._("small purchases")),
            "refunds": (self.env._("send much back"), self.env._("send little back")),
            "tenure": (self.env._("customers for long"), self.env._("new customers")),
        }

    def _prepare_lines(self, found, partner_ids, revenue, table):
        names, words = list(self._get_features()), self._get_words()
        total = float(revenue.sum())
        lines = []
        for number in range(len(found.sizes)):
            own = found.labels == number
            traits = [words[names[place]][difference < 0] for place, difference in found.traits[number]]
            lines.append(
                {
                    "name": ", ".join(traits).capitalize() or self.env._("Like most"),
                    "customer_count": int(own.sum()),
                    "share": float(own.mean()),
                    "revenue": float(revenue[own].sum()),
                    "revenue_share": float(revenue[own].sum()) / total if total else 0.0,
                    "partner_ids": partner_ids[own].tolist(),
                    **{
                        name: float(np.median(table[own, names.index(name)]))
                        for name in ("silence", "rate", "value")
                    },
                }
            )
        return lines


class CrmAnalyticsGroupingLine(models.TransientModel):
    """A group that was found: how large it is, what sets it apart, and who is in it."""

    _name = "crm.analytics.grouping.line"
    _description = "Group of Customers Who Behave Alike"
    _order = "customer_count desc, id"

    grouping_id = fields.Many2one(
        "crm.analytics.grouping", required=True, readonly=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(related="grouping_id.company_id")
    currency_id = fields.Many2one(related="grouping_id.currency_id")
    name = fields.Char("What Sets It Apart", required=True, readonly=True)
    customer_count = fields.Integer("Customers", readonly=True)
    share = fields.Float("Of All", readonly=True)
    revenue = fields.Monetary("Revenue 12 Months", readonly=True)
    revenue_share = fields.Float("Of Revenue", readonly=True)
    silence = fields.Integer("Days Since the Last Purchase", readonly=True, help="Of the one in the middle.")
    rate = fields.Float(
        "Purchases a Year", readonly=True, digits=(10, 1), help="Of the customer in the middle."
    )
    value = fields.Monetary("Value of a Purchase", readonly=True, help="Of the customer in the middle.")
    partner_ids = fields.Json(readonly=True, export_string_translation=False)

    def _get_partners(self):
        """The customers, those that are still there and that the reader sees."""
        self.ensure_one()
        return self.env["res.partner"].search([("id", "in", self.partner_ids or [])])

    def action_open_customers(self):
        """Their scores."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("crm_analytics.crm_analytics_customer_action")
        mine = [("company_id", "=", self.company_id.id), ("partner_id", "in", self.partner_ids or [])]
        return {**action, "name": self.name, "display_name": self.name, "domain": mine, "context": {}}

    def action_make_target_group(self):
        """A target group of these customers as they are now, to address them."""
        partners = self._get_partners()
        if not partners:
            raise UserError(self.env._("Nobody is left in this group."))
        group = self.env["crm.target.group"].create({"name": self.name, "kind": "static"})
        group._add_partners(partners)
        return {
            "type": "ir.actions.act_window",
            "name": group.name,
            "res_model": group._name,
            "res_id": group.id,
            "views": [[False, "form"]],
        }
