from odoo import api, fields, models


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    crm_timezone = fields.Selection(related="company_id.crm_timezone", readonly=False)
    crm_action_user_cap = fields.Integer(related="company_id.crm_action_user_cap", readonly=False)
    crm_action_customer_cap = fields.Integer(related="company_id.crm_action_customer_cap", readonly=False)
    crm_late_factor = fields.Float(related="company_id.crm_late_factor", readonly=False)
    crm_lost_factor = fields.Float(related="company_id.crm_lost_factor", readonly=False)
    crm_default_interval = fields.Integer(related="company_id.crm_default_interval", readonly=False)
    crm_late_min_days = fields.Integer(related="company_id.crm_late_min_days", readonly=False)
    crm_lost_min_days = fields.Integer(related="company_id.crm_lost_min_days", readonly=False)
    crm_new_days = fields.Integer(related="company_id.crm_new_days", readonly=False)
    crm_top_share = fields.Float(related="company_id.crm_top_share", readonly=False)
    crm_repeat_decay = fields.Float(related="company_id.crm_repeat_decay", readonly=False)
    crm_interval_prior = fields.Float(related="company_id.crm_interval_prior", readonly=False)
    crm_weight_repeat = fields.Float(related="company_id.crm_weight_repeat", readonly=False)
    crm_weight_popular = fields.Float(related="company_id.crm_weight_popular", readonly=False)
    crm_weight_due = fields.Float(related="company_id.crm_weight_due", readonly=False)
    crm_weight_together = fields.Float(related="company_id.crm_weight_together", readonly=False)
    crm_pair_min_orders = fields.Integer(related="company_id.crm_pair_min_orders", readonly=False)
    crm_history_months = fields.Integer(related="company_id.crm_history_months", readonly=False)
    crm_offer_lines = fields.Integer(related="company_id.crm_offer_lines", readonly=False)
    crm_offer_validity_days = fields.Integer(related="company_id.crm_offer_validity_days", readonly=False)
    crm_offer_declined_days = fields.Integer(related="company_id.crm_offer_declined_days", readonly=False)
    crm_offer_stock_policy = fields.Selection(related="company_id.crm_offer_stock_policy", readonly=False)

    crm_cron_ids = fields.Many2many(
        "ir.cron",
        string="What Runs by Itself",
        compute="_compute_crm_cron_ids",
        inverse="_inverse_crm_cron_ids",
        context={"active_test": False},
        groups="base.group_system",
    )

    def _compute_crm_cron_ids(self):
        self.crm_cron_ids = self._crm_get_crons()

    def _inverse_crm_cron_ids(self):
        """The switches write on the scheduled actions themselves; which ones there are is not chosen."""

    @api.model
    def _crm_get_crons(self):
        """The scheduled actions of customer relations and its addons, also those switched off."""
        core = self.env["ir.module.module"].search([("name", "=", "crm_core")])
        modules = core | core.downstream_dependencies()
        known = self.env["ir.model.data"].search(
            [("model", "=", "ir.cron"), ("module", "in", modules.mapped("name"))]
        )
        crons = self.env["ir.cron"].with_context(active_test=False)
        return crons.search([("id", "in", known.mapped("res_id"))], order="cron_name, id")

    def action_crm_crons(self):
        """The same scheduled actions as a list, where each can be run at once."""
        action = self.env["ir.actions.act_window"]._for_xml_id("base.ir_cron_act")
        return {
            **action,
            "name": self.env._("Scheduled Actions of Customer Relations"),
            "domain": [("id", "in", self._crm_get_crons().ids)],
            "context": {"active_test": False},
        }
