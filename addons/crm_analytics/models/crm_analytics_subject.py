from odoo import fields, models
from odoo.exceptions import AccessError


class CrmAnalyticsSubject(models.Model):
    """What a question can be about: a model whose records belong to customers. An addon adds its own as data,
    with their measures and dimensions; nobody edits them by hand.
    """

    _name = "crm.analytics.subject"
    _description = "Subject of Questions"
    _order = "sequence, id"

    name = fields.Char(required=True, translate=True, readonly=True)
    sequence = fields.Integer(default=10, readonly=True)
    model = fields.Char(required=True, readonly=True, help="Read with the rights of who asks.")
    customer_field = fields.Char(required=True, default="partner_id", readonly=True)
    company_field = fields.Char(required=True, default="company_id", readonly=True)
    date_field = fields.Char(readonly=True, help="Empty: the records tell how things are now.")
    domain = fields.Char(required=True, default="[]", readonly=True)
    measure_ids = fields.One2many("crm.analytics.measure", "subject_id", readonly=True)
    dimension_ids = fields.One2many("crm.analytics.dimension", "subject_id", readonly=True)

    _name_uniq = models.Constraint("UNIQUE (model, name)", "There is a subject of this name already.")

    def _may_ask(self):
        """Whether the reader may see anything of it."""
        self.ensure_one()
        return self.model in self.env and self.env[self.model].has_access("read")

    def _check_may_ask(self):
        """:raise AccessError: the reader may see nothing of it"""
        if not self._may_ask():
            raise AccessError(self.env._("You have no access to “%s”.", self.name))


class CrmAnalyticsMeasure(models.Model):
    """What is counted or summed up of a subject."""

    _name = "crm.analytics.measure"
    _description = "Measure of Questions"
    _order = "subject_id, sequence, id"

    name = fields.Char(required=True, translate=True, readonly=True)
    subject_id = fields.Many2one(
        "crm.analytics.subject", required=True, readonly=True, index=True, ondelete="cascade"
    )
    sequence = fields.Integer(default=10, readonly=True)
    aggregate = fields.Char(required=True, readonly=True, help="As grouping of records takes it.")
    kind = fields.Selection(
        [("money", "Amount"), ("number", "Number"), ("share", "Share"), ("count", "Count")],
        required=True,
        default="number",
        readonly=True,
    )
    is_additive = fields.Boolean(default=True, readonly=True, help="Whether the rows add up to the total.")


class CrmAnalyticsDimension(models.Model):
    """By what a subject is told apart."""

    _name = "crm.analytics.dimension"
    _description = "Dimension of Questions"
    _order = "subject_id, sequence, id"

    name = fields.Char(required=True, translate=True, readonly=True)
    subject_id = fields.Many2one(
        "crm.analytics.subject", required=True, readonly=True, index=True, ondelete="cascade"
    )
    sequence = fields.Integer(default=10, readonly=True)
    groupby = fields.Char(required=True, readonly=True, help="As grouping of records takes it.")
    is_time = fields.Boolean(readonly=True)
