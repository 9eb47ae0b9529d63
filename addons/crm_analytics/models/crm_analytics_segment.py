from odoo import api, fields, models
from odoo.exceptions import ValidationError

from odoo.addons.crm_core.models.many2one_without_key import Many2oneWithoutKey

from ..lib import rfm

SCORES = range(1, rfm.SCORES + 1)


class CrmAnalyticsSegment(models.Model):
    """A named part of the grid of recency, frequency and money; the first one a customer fits in is his."""

    _name = "crm.analytics.segment"
    _description = "Customer Segment"
    _order = "sequence, id"

    name = fields.Char(required=True, translate=True)
    sequence = fields.Integer(default=10, help="The first segment a customer fits in is his.")
    active = fields.Boolean(default=True)
    description = fields.Text(translate=True, help="What the customers of the segment have in common.")
    advice = fields.Text(translate=True, help="What to do with them next.")
    color = fields.Integer()
    recency_min = fields.Integer("Recency from", default=1, required=True)
    recency_max = fields.Integer("Recency to", default=5, required=True)
    frequency_min = fields.Integer("Frequency from", default=1, required=True)
    frequency_max = fields.Integer("Frequency to", default=5, required=True)
    monetary_min = fields.Integer("Money from", default=1, required=True)
    monetary_max = fields.Integer("Money to", default=5, required=True)
    customer_count = fields.Integer("Customers", compute="_compute_customer_count")

    _scores_in_range = models.Constraint(
        "CHECK (1 <= recency_min AND recency_min <= recency_max AND recency_max <= 5"
        " AND 1 <= frequency_min AND frequency_min <= frequency_max AND frequency_max <= 5"
        " AND 1 <= monetary_min AND monetary_min <= monetary_max AND monetary_max <= 5)",
        "Scores go from 1 (worst) to 5 (best), and “from” is not above “to”.",
    )

    def _compute_customer_count(self):
        counts = dict(
            self.env["crm.analytics.customer"]._read_group(
                [("segment_id", "in", self.ids)], ["segment_id"], ["__count"]
            )
        )
        for segment in self:
            segment.customer_count = counts.get(segment, 0)

    @api.constrains("active")
    def _check_some_segment(self):
        if not self.search_count([("active", "=", True)], limit=1):
            raise ValidationError(self.env._("Keep one segment: customers are told apart by them."))

    def unlink(self):
        ids = list(self._ids)
        result = super().unlink()
        if ids:
            self._forget_derived(ids)
        return result

    @api.model
    def _forget_derived(self, ids):
        """Rows of many customers, without foreign keys: they are in no segment until the next night."""
        for query in (
            "DELETE FROM crm_analytics_segment_history WHERE segment_id = ANY(%s)",
            "UPDATE crm_analytics_segment_history SET previous_id = NULL WHERE previous_id = ANY(%s)",
            "UPDATE crm_analytics_customer SET segment_id = NULL WHERE segment_id = ANY(%s)",
            "UPDATE crm_analytics_pyramid SET segment_id = NULL WHERE segment_id = ANY(%s)",
        ):
            self.env.cr.execute(query, [ids])
        self.env.invalidate_all()

    def _as_ranges(self):
        """:return: list of :class:`.rfm.Segment`, in the same order"""
        return [
            rfm.Segment(
                str(segment.id),
                (segment.recency_min, segment.recency_max),
                (segment.frequency_min, segment.frequency_max),
                (segment.monetary_min, segment.monetary_max),
            )
            for segment in self
        ]

    def action_open_customers(self):
        """The customers of the segment."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("crm_analytics.crm_analytics_customer_action")
        return {**action, "name": self.name, "domain": [("segment_id", "=", self.id)], "context": {}}


class CrmAnalyticsSegmentHistory(models.Model):
    """In which segment a customer was from when to when; a row for each change."""

    _name = "crm.analytics.segment.history"
    _description = "Segment over Time"
    _order = "date_from desc, id desc"
    _rec_name = "partner_id"
    _log_access = False

    company_id = Many2oneWithoutKey("res.company", required=True, readonly=True, ondelete="cascade")
    partner_id = Many2oneWithoutKey(
        "res.partner", "Customer", required=True, readonly=True, index=True, ondelete="cascade"
    )
    segment_id = Many2oneWithoutKey(
        "crm.analytics.segment", required=True, readonly=True, index=True, ondelete="cascade"
    )
    previous_id = Many2oneWithoutKey(
        "crm.analytics.segment", "Before", readonly=True, index="btree_not_null", ondelete="set null"
    )
    date_from = fields.Date("From", required=True, readonly=True)
    date_to = fields.Date("To", readonly=True, help="The first day on which it was another one.")

    _current_uniq = models.UniqueIndex("(company_id, partner_id) WHERE date_to IS NULL")
    _from_idx = models.Index("(company_id, date_from)")
