from odoo import models


class CrmHistoryDocument(models.AbstractModel):
    """How a business document shows itself in the history of its customer."""

    _name = "crm.history.document"
    _description = "Document in a customer's history"

    def _crm_history_rows(self):
        """One dict per record: kind, name, state, level, amount, currency_id, reference."""
        raise NotImplementedError

    def _crm_history_lines(self):
        """The product lines of one record, as documented in ``res.partner.crm_history_lines``."""
        raise NotImplementedError

    def _crm_history_customer(self):
        """The commercial entity the record belongs to."""
        raise NotImplementedError


class SaleOrder(models.Model):
    _name = "sale.order"
    _inherit = ["sale.order", "crm.history.document"]

    def _crm_history_rows(self):
        labels = dict(self._fields["state"]._description_selection(self.env))
        levels = {"sale": "success", "cancel": "muted", "sent": "info", "draft": "info"}
        return [
            {
                "kind": "quotation" if order.state in ("draft", "sent") else "order",
                "name": order.name,
                "state": labels[order.state],
                "level": levels[order.state],
                "amount": order.amount_untaxed,
                "currency_id": order.currency_id.id,
                "reference": order.client_order_ref or "",
            }
            for order in self
        ]

    def _crm_history_lines(self):
        return [
            {
                "product": line.product_id.display_name or line.name,
                "quantity": line.product_uom_qty,
                "uom": line.product_uom_id.name or "",
                "amount": line.price_subtotal,
                "currency_id": line.currency_id.id,
            }
            for line in self.order_line
            if not line.display_type
        ]

    def _crm_history_customer(self):
        return self.partner_id.commercial_partner_id


class AccountMove(models.Model):
    _name = "account.move"
    _inherit = ["account.move", "crm.history.document"]

    def _crm_history_rows(self):
        labels = dict(self._fields["payment_state"]._description_selection(self.env))
        today = self.env.company._crm_today()
        rows = []
        for move in self:
            is_open = move.payment_state in ("not_paid", "partial")
            late = is_open and move.invoice_date_due and move.invoice_date_due < today
            refund = move.move_type == "out_refund"
            rows.append(
                {
                    "kind": "refund" if refund else "invoice",
                    "name": move.name,
                    "state": self.env._("Overdue")
                    if late and not refund
                    else labels.get(move.payment_state, ""),
                    "level": "danger" if late and not refund else "info" if is_open else "success",
                    "amount": -move.amount_untaxed if refund else move.amount_untaxed,
                    "currency_id": move.currency_id.id,
                    "reference": move.invoice_origin or move.ref or "",
                }
            )
        return rows

    def _crm_history_lines(self):
        sign = -1 if self.move_type == "out_refund" else 1
        return [
            {
                "product": line.product_id.display_name or line.name or "",
                "quantity": line.quantity,
                "uom": line.product_uom_id.name or "",
                "amount": sign * line.price_subtotal,
                "currency_id": line.currency_id.id,
            }
            for line in self.invoice_line_ids
            if line.display_type == "product"
        ]

    def _crm_history_customer(self):
        return self.commercial_partner_id.commercial_partner_id


class StockPicking(models.Model):
    _name = "stock.picking"
    _inherit = ["stock.picking", "crm.history.document"]

    def _crm_history_rows(self):
        labels = dict(self._fields["state"]._description_selection(self.env))
        return [
            {
                "kind": "return" if picking.picking_type_id.code == "incoming" else "delivery",
                "name": picking.name,
                "state": labels[picking.state],
                "level": "success" if picking.state == "done" else "info",
                "amount": None,
                "currency_id": None,
                "reference": picking.origin or "",
            }
            for picking in self
        ]

    def _crm_history_lines(self):
        return [
            {
                "product": move.product_id.display_name,
                "quantity": move.quantity if move.state == "done" else move.product_uom_qty,
                "uom": move.product_uom.name,
                "amount": None,
                "currency_id": None,
            }
            for move in self.move_ids
            if move.state != "cancel"
        ]

    def _crm_history_customer(self):
        return self.sale_id.partner_id.commercial_partner_id
