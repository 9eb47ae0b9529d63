from odoo import api, fields, models
from odoo.exceptions import UserError

# Lists that customers can be added from: the field that names the partner.
SOURCES = {
    "res.partner": None,
    "crm.customer.stat": "partner_id",
    "crm.target.group.member": "partner_id",
    "crm.lead": "partner_id",
    "sale.order": "partner_id",
}


class CrmTargetGroupAdd(models.TransientModel):
    """Add the customers selected in a list to a target group picked by hand."""

    _name = "crm.target.group.add"
    _description = "Add to a Target Group"

    group_id = fields.Many2one(
        "crm.target.group",
        "To the Group",
        domain="[('kind', '=', 'static'), ('company_id', '=', company_id), ('user_id', '=', uid)]",
    )
    name = fields.Char("Or to a New One")
    company_id = fields.Many2one("res.company", default=lambda self: self.env.company)
    partner_ids = fields.Many2many(
        "res.partner", string="Customers", default=lambda self: self._default_partners()
    )
    partner_count = fields.Integer("Selected", compute="_compute_partner_count")

    @api.model
    def _default_partners(self):
        model_name = self.env.context.get("active_model")
        if model_name not in SOURCES:
            return False
        records = self.env[model_name].browse(self.env.context.get("active_ids", []))
        return records[SOURCES[model_name]] if SOURCES[model_name] else records

    @api.depends("partner_ids")
    def _compute_partner_count(self):
        for wizard in self:
            wizard.partner_count = len(wizard.partner_ids)

    def action_add(self):
        """Add them and open the members."""
        self.ensure_one()
        if not self.partner_ids:
            raise UserError(self.env._("Select at least one customer."))
        if not self.group_id and not self.name:
            raise UserError(self.env._("Choose a group, or give a new one a name."))
        group = self.group_id or self.env["crm.target.group"].create({"name": self.name, "kind": "static"})
        group._add_partners(self.partner_ids)
        return group.action_view_members()
