from odoo import api, fields, models

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
    crm_analytics_product_ids = fields.One2many(
        "crm.customer.product", "partner_id", "Products Bought of Any Company", groups=USER, readonly=True
    )

    @api.model
    def _crm_profile_fields(self):
        return super()._crm_profile_fields() | PROFILE_FIELDS
