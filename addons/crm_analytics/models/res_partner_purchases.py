from odoo import api, fields, models
from odoo.fields import Domain

USER = "crm_core.group_crm_core_user"
PROFILE_FIELDS = frozenset(
    {
        *("crm_analytics_score_ids", "crm_analytics_event_ids", "crm_analytics_segment_ids"),
        "crm_analytics_product_ids",
    }
)


class ResPartner(models.Model):
    """Scores and purchases of a customer, for conditions: of target groups and lists."""

    _inherit = "res.partner"

    crm_analytics_score_ids = fields.One2many(
        "crm.analytics.customer", "partner_id", "Customer Scores", groups=USER, readonly=True
    )
    crm_analytics_event_ids = fields.One2many(
        "crm.analytics.event", "partner_id", "Days of Purchase", groups=USER, readonly=True
    )
    crm_analytics_segment_ids = fields.One2many(
        "crm.analytics.segment.history", "partner_id", "Segments over Time", groups=USER, readonly=True
    )
    # Of any company, unlike the facts of the current one that the partner has.
    crm_analytics_product_ids = fields.Many2many(
        "crm.customer.product",
        string="Products Bought of Any Company",
        compute="_compute_crm_analytics_product_ids",
        search="_search_crm_analytics_product_ids",
        groups=USER,
    )

    @api.depends("commercial_partner_id")
    def _compute_crm_analytics_product_ids(self):
        facts = self.env["crm.customer.product"].search(
            [("partner_id", "in", self.commercial_partner_id.ids)]
        )
        by_customer = facts.grouped("partner_id")
        for partner in self:
            partner.crm_analytics_product_ids = by_customer.get(partner.commercial_partner_id, False)

    @api.model
    def _search_crm_analytics_product_ids(self, operator, value):
        if operator not in ("in", "any"):
            return NotImplemented
        facts = Domain(value) if operator == "any" else Domain("id", "in", value)
        return self._crm_owners_domain("in", self.env["crm.customer.product"], "partner_id", facts)

    @api.model
    def _crm_profile_fields(self):
        return super()._crm_profile_fields() | PROFILE_FIELDS
