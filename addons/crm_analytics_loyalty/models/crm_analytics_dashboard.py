from dateutil.relativedelta import relativedelta

from odoo import api, models
from odoo.fields import Domain

KINDS = ("loyalty", "ewallet")


class CrmAnalyticsDashboard(models.AbstractModel):
    _inherit = "crm.analytics.dashboard"

    @api.model
    def _get_loyalty_figures(self, scope):
        figures = super()._get_loyalty_figures(scope)
        Card, History = self.env["loyalty.card"], self.env["loyalty.history"]
        if not (Card.has_access("read") and History.has_access("read")):
            return figures
        cards = self._get_cards_domain(scope)
        ((points, cards_count),) = Card._read_group(cards, [], ["points:sum", "__count"])
        if not cards_count:
            return figures
        ((issued, used),) = History._read_group(
            Domain("card_id", "any", cards)
            & Domain("create_date", ">=", scope.as_of - relativedelta(months=scope.months)),
            [],
            ["issued:sum", "used:sum"],
        )
        return [*figures, *self._describe_members(scope, cards), *self._describe_points(points, issued, used)]

    @api.model
    def _get_cards_domain(self, scope):
        """Cards of customers looked at, of programs of their company."""
        domain = Domain("program_id.program_type", "in", KINDS)
        domain &= Domain("company_id", "in", [scope.company.id, False])
        domain &= Domain("partner_id", "!=", False)
        for name, operator, value in scope.partner:
            domain &= Domain(f"partner_id.{name}", operator, value)
        return domain

    @api.model
    def _describe_members(self, scope, cards):
        """How many there are, and how much they buy beside the others."""
        Score = self.env["crm.analytics.customer"]
        members = self.env["loyalty.card"]._search(cards).subselect("partner_id")
        entities = Domain("partner_id.commercial_partner_id", "in", members) | Domain(
            "partner_id", "in", members
        )
        contacts = Domain("partner_id.child_ids", "any", [("id", "in", members)])
        looked_at = Domain(scope.of("partner_id"))
        is_member = entities | contacts
        ((count, revenue),) = Score._read_group(looked_at & is_member, [], ["__count", "revenue_12m:avg"])
        ((_others, usual),) = Score._read_group(looked_at & ~is_member, [], ["__count", "revenue_12m:avg"])
        figures = [
            {
                "label": self.env._("Members"),
                "value": count,
                "type": "integer",
                "hint": self.env._("Customers with a card of a loyalty program or a wallet."),
            }
        ]
        if count:
            hint = self.env._("Mean of 12 months; members often bought more before they joined, too.")
            figures += [
                {
                    "label": self.env._("Revenue of a member"),
                    "value": revenue or 0,
                    "type": "monetary",
                    "hint": hint,
                },
                {
                    "label": self.env._("Revenue of another"),
                    "value": usual if usual is not None else None,
                    "type": "monetary",
                    "hint": hint,
                },
            ]
        return figures

    @api.model
    def _describe_points(self, points, issued, used):
        return [
            {
                "label": self.env._("Redeemed"),
                "value": used / issued if issued else None,
                "type": "percentage",
                "hint": self.env._("Points used of those issued, over the period looked at."),
            },
            {
                "label": self.env._("Points open"),
                "value": round(points),
                "type": "integer",
                "hint": self.env._("On the cards now: what is still owed."),
            },
        ]
