from odoo import api, fields, models


class HelpdeskTicket(models.Model):
    """What comes after the sale: credit notes, returns, exchanges, new business."""

    _inherit = "helpdesk.ticket"

    request_ids = fields.One2many(
        "helpdesk.request", "ticket_id", string="After-Sales", domain=[("state", "!=", "draft")]
    )
    document_names = fields.Char(
        string="Documents",
        compute="_compute_document_names",
        compute_sudo=True,
        help="Order, delivery and invoice, for those who may not open them.",
    )

    @api.depends("sale_order_id", "picking_id", "invoice_id")
    def _compute_document_names(self):
        for ticket in self:
            documents = (ticket.sale_order_id, ticket.picking_id, ticket.invoice_id)
            ticket.document_names = ", ".join(document.display_name for document in documents if document)

    def action_after_sales(self):
        """Open the dialog of one kind, taken from the context."""
        self.ensure_one()
        kind = self.env.context["after_sales_kind"]
        labels = dict(self.env["helpdesk.request"]._fields["kind"]._description_selection(self.env))
        return {
            "type": "ir.actions.act_window",
            "name": labels[kind],
            "res_model": "helpdesk.request",
            "views": [[self.env.ref("crm_helpdesk.helpdesk_request_view_dialog").id, "form"]],
            "target": "new",
            "context": {"default_ticket_id": self.id, "default_kind": kind},
        }

    def _get_after_sales_defaults(self):
        """What a new request begins with: the documents of the ticket, or the only ones of its order.

        :rtype: dict
        """
        if not self:
            return {}
        self.ensure_one()
        self.check_access("read")
        # sudo: ids of documents of the ticket the user sees; opening them asks for his own rights
        ticket = self.sudo()
        order = ticket.sale_order_id
        invoices = ticket.invoice_id or order.invoice_ids
        invoices = invoices.filtered(lambda move: move.move_type == "out_invoice" and move.state == "posted")
        pickings = ticket.picking_id or order.picking_ids
        pickings = pickings.filtered(
            lambda picking: picking.picking_type_code == "outgoing" and picking.state == "done"
        )
        return {
            "product_id": ticket.product_id.id,
            "invoice_id": invoices.id if len(invoices) == 1 else False,
            "picking_id": pickings.id if len(pickings) == 1 else False,
        }

    def _merge(self, target):
        """What was asked for goes along; of another customer it stays, its documents are his."""
        result = super()._merge(target)
        # sudo: see merge_into; the user may change all of these tickets
        own = self.sudo().filtered(lambda t: t.commercial_partner_id == target.commercial_partner_id)
        own.request_ids.ticket_id = target
        return result
