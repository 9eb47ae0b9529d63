from functools import partial

from odoo import api, fields, models

from odoo.addons.crm_core.models.res_partner_facts import USER

from .crm_analytics_customer import RISKS

SCORE = "crm.analytics.customer"
PYRAMID = "crm.analytics.pyramid"
# Field of the partner: field of the customer's row, by the model of the row.
FIELDS = {
    SCORE: {
        "crm_segment_id": "segment_id",
        "crm_abc_class": "abc_class",
        "crm_risk": "risk",
        "crm_no_order_chance": "p_no_order",
        "crm_money_at_stake": "money_at_stake",
        "crm_expected_revenue": "expected_revenue",
        "crm_lifetime_value": "lifetime_value",
        "crm_next_purchase_date": "next_day",
    },
    PYRAMID: {
        "crm_response": "response",
        "crm_reliability": "reliability",
        "crm_relationship": "relationship",
        "crm_lift_part": "lift_part",
    },
}


def _score_field(model_name, field_class, label, fname, **attributes):
    """A score of the customer on the partner: read from, and searched in, the rows of the last night."""
    return field_class(
        string=label,
        compute="_compute_crm_scores",
        search=lambda partners, operator, value: partners._crm_search_fact(
            FIELDS[model_name][fname], operator, value, model_name
        ),
        groups=USER,
        **attributes,
    )


_score = partial(_score_field, SCORE)
_money = partial(_score_field, SCORE, fields.Monetary, currency_field="crm_currency_id")
_level = partial(_score_field, PYRAMID, fields.Float, digits=(10, 0))


class ResPartner(models.Model):
    """Scores for conditions: of target groups, rules and filters; and as columns of lists of contacts."""

    _inherit = "res.partner"

    crm_segment_id = _score(
        fields.Many2one, "Segment", "crm_segment_id", comodel_name="crm.analytics.segment"
    )
    crm_abc_class = _score(
        fields.Selection, "ABC", "crm_abc_class", selection=[("a", "A"), ("b", "B"), ("c", "C")]
    )
    crm_risk = _score(fields.Selection, "Risk", "crm_risk", selection=RISKS)
    crm_no_order_chance = _score(
        fields.Float, "No Order in 90 Days", "crm_no_order_chance", help="Chance, 0 to 1."
    )
    crm_money_at_stake = _money("Money at Stake", "crm_money_at_stake")
    crm_expected_revenue = _money("Revenue Expected", "crm_expected_revenue")
    crm_lifetime_value = _money("Customer Value", "crm_lifetime_value")
    crm_next_purchase_date = _score(fields.Date, "Next Purchase Expected", "crm_next_purchase_date")
    crm_response = _level("Response", "crm_response")
    crm_reliability = _level("Reliability", "crm_reliability")
    crm_relationship = _level("Relationship", "crm_relationship")
    crm_lift_part = _score_field(
        PYRAMID,
        fields.Selection,
        "Would Lift Most",
        "crm_lift_part",
        selection=lambda partners: partners.env[PYRAMID]._selection_parts(),
    )

    @api.depends_context("company")
    @api.depends("commercial_partner_id")
    def _compute_crm_scores(self):
        for model_name, names in FIELDS.items():
            rows = self.env[model_name].search_fetch(
                self._crm_here_domain() & fields.Domain("partner_id", "in", self.commercial_partner_id.ids),
                ["partner_id", *names.values()],
            )
            by_customer = rows.grouped("partner_id")
            for partner in self:
                row = by_customer.get(partner.commercial_partner_id, rows.browse())
                for fname, score in names.items():
                    partner[fname] = row[score]

    @api.model
    def _crm_profile_fields(self):
        return super()._crm_profile_fields().union(*FIELDS.values())


class CrmCustomerStat(models.Model):
    _inherit = "crm.customer.stat"

    segment_id = fields.Many2one(related="partner_id.crm_segment_id")
    risk = fields.Selection(related="partner_id.crm_risk")
    money_at_stake = fields.Monetary(related="partner_id.crm_money_at_stake")
    lifetime_value = fields.Monetary(related="partner_id.crm_lifetime_value")
