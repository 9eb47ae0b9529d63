from odoo import fields, models


class CrmInteraction(models.Model):
    _inherit = "crm.interaction"

    kind = fields.Selection(
        selection_add=[("pos", "Purchase in a Shop"), ("pos_refund", "Refund in a Shop")],
        ondelete={"pos": "cascade", "pos_refund": "cascade"},
    )
