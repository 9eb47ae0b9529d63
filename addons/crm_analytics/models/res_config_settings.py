from odoo import fields, models


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    crm_analytics_source = fields.Selection(related="company_id.crm_analytics_source", readonly=False)
    crm_analytics_since = fields.Date(related="company_id.crm_analytics_since", readonly=False)
    crm_analytics_excluded_categ_ids = fields.Many2many(
        related="company_id.crm_analytics_excluded_categ_ids", readonly=False
    )
    crm_analytics_margin = fields.Float(related="company_id.crm_analytics_margin", readonly=False)
    crm_analytics_discount = fields.Float(related="company_id.crm_analytics_discount", readonly=False)
    crm_analytics_keep_months = fields.Integer(related="company_id.crm_analytics_keep_months", readonly=False)
