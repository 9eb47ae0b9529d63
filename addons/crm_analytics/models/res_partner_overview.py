from odoo import fields, models
from odoo.fields import Domain

PEERS = 3


class ResPartner(models.Model):
    """What the customer is worth, and whether he stays, on the 360 screen."""

    _inherit = "res.partner"

    def _crm_overview(self):
        result = super()._crm_overview()
        Score = self.env["crm.analytics.customer"]
        if Score.has_access("read"):
            result["value"] = self._crm_overview_value()
            result["relationship"] = self._crm_overview_relationship()
        return result

    def _crm_overview_relationship(self):
        """How well the customer is served; see :meth:`CrmAnalyticsPyramid._describe`, empty if not scored."""
        own = Domain("partner_id", "=", self.id) & Domain("company_id", "=", self.env.company.id)
        pyramid = self.env["crm.analytics.pyramid"].search(own, limit=1)
        return pyramid._describe() if pyramid else {}

    def _crm_overview_value(self):
        """The customer's scores as the reader may see them.

        :return: ``is_scored``; segment, risk, value, what is expected, ``why``, and who is like him
        :rtype: dict
        """
        own = Domain("partner_id", "=", self.id) & Domain("company_id", "=", self.env.company.id)
        score = self.env["crm.analytics.customer"].search(own, limit=1)
        if not score:
            return {"is_scored": False, "wants_none": not self._crm_may_profile()}
        return {
            "is_scored": True,
            "segment": score.segment_id.name or "",
            "advice": score.segment_id.advice or "",
            "rfm": score.rfm,
            "abc": (score.abc_class or "").upper(),
            "risk": score.risk,
            "no_order": round(100 * score.p_no_order),
            "at_stake": score.money_at_stake,
            "expected_orders": round(score.expected_orders, 1),
            "expected_revenue": score.expected_revenue,
            "lifetime_value": score.lifetime_value,
            "next_day": fields.Date.to_string(score.next_day),
            "as_of": fields.Date.to_string(score.as_of),
            "currency_id": score.currency_id.id,
            "why": score.why,
            "is_reliable": score.is_reliable,
            "peers": [
                {"id": peer.partner_id.id, "name": peer.partner_id.display_name}
                for peer in score._get_peers(PEERS)
            ],
        }

    def _crm_record_windows(self):
        own = Domain("partner_id", "=", self.id) & Domain("company_id", "=", self.env.company.id)
        return {
            **super()._crm_record_windows(),
            "value": (self.env._("Customer Value"), "crm.analytics.customer", own, ["list"]),
        }
