from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import plaintext2html


class HelpdeskRequest(models.Model):
    _inherit = "helpdesk.request"

    kind = fields.Selection(
        selection_add=[("repair", "Repair"), ("quotation",)], ondelete={"repair": "cascade"}
    )
    lot_id = fields.Many2one(
        "stock.lot",
        string="Lot/Serial Number",
        compute="_compute_lot_id",
        store=True,
        readonly=False,
        precompute=True,
        index="btree_not_null",
        domain="[('product_id', '=', product_id), ('company_id', 'in', [False, company_id])]",
    )
    under_warranty = fields.Boolean(
        help="The customer pays nothing for the parts: the repair puts them on his quotation for free."
    )

    @api.depends("product_id")
    def _compute_lot_id(self):
        for request in self:
            if request.lot_id.product_id != request.product_id:
                request.lot_id = False

    @api.constrains("lot_id", "product_id", "company_id")
    def _check_lot(self):
        for request in self:
            lot = request.lot_id
            foreign = lot.company_id and lot.company_id != request.company_id
            if lot and (lot.product_id != request.product_id or foreign):
                raise ValidationError(
                    self.env._(
                        "%(lot)s is none of %(product)s.",
                        lot=lot.name,
                        product=request.product_id.display_name,
                    )
                )

    @api.model
    def _get_document_models(self):
        return {**super()._get_document_models(), "repair": "repair.order"}

    @api.model
    def _get_choices(self):
        return super()._get_choices() | {"lot_id", "under_warranty"}

    def _carry_out_repair(self):
        if self.product_id.type != "consu":
            raise UserError(self.env._("Choose the product that is repaired."))
        return self._make_document("repair.order", self._prepare_repair_values())

    def _prepare_repair_values(self):
        """:return: values of the repair order"""
        quantity = 1.0 if self.product_id.tracking == "serial" else self.quantity
        return {
            "company_id": self.company_id.id,
            "partner_id": self._get_customer().id,
            "product_id": self.product_id.id,
            "product_qty": quantity,
            "lot_id": self.lot_id.id,
            "picking_id": self._get_return().id,
            "under_warranty": self.under_warranty,
            "internal_notes": plaintext2html("\n".join(filter(None, (self.ticket_name, self.note)))),
        }

    def _get_return(self):
        """The ERP repairs what came back: the last return of the delivery with this product and number.

        :rtype: stock.picking
        """
        returns = self.picking_id.return_ids.filtered(
            lambda picking: (
                picking.state != "cancel"
                and self.product_id in picking.move_ids.product_id
                and (not self.lot_id or self.lot_id in picking.move_ids.lot_ids)
            )
        )
        return returns.sorted("id")[-1:]
