from odoo import fields, models
from odoo.fields import Domain
from odoo.tools import SQL


class SaleOrder(models.Model):
    _name = "sale.order"
    _inherit = ["sale.order", "crm.fact.source", "crm.interaction.mixin"]

    _crm_fact_fields = frozenset(
        {"state", "partner_id", "company_id", "date_order", "amount_untaxed", "currency_rate"}
    )
    _crm_owner_fields = frozenset({"partner_id", "company_id"})
    _interaction_fields = frozenset(
        {"state", "partner_id", "company_id", "date_order", "user_id", "name", "client_order_ref"}
    )
    _interaction_look_fields = ("state", "amount_untaxed", "currency_id")
    _interaction_unfolds = True

    crm_offer_id = fields.Many2one(
        "crm.offer",
        "Customer Offer",
        readonly=True,
        copy=False,
        index="btree_not_null",
        help="The suggestion this quotation was made from.",
    )

    def _crm_owner_query(self, ids):
        return self._crm_owner_query_by_order(SQL("SELECT id FROM sale_order WHERE id IN %s", ids))

    def _interaction_filter_told(self):
        return self.filtered(lambda order: order.state != "draft")

    def _interaction_query(self, ids):
        # A draft has not reached the customer yet. The customer knows the order by his own number too.
        return SQL(
            """
            SELECT id, '', CASE state WHEN 'sent' THEN 'quotation' ELSE 'order' END, date_order,
                   partner_id, partner_id, company_id, 'document', 'out', user_id,
                   concat_ws(' · ', name, NULLIF(client_order_ref, '')), NULL
              FROM sale_order
             WHERE id IN %s
               AND state IN ('sent', 'sale', 'cancel')
            """,
            ids,
        )

    def _interaction_look(self):
        labels = dict(self._fields["state"]._description_selection(self.env))
        levels = {"sale": "success", "cancel": "muted"}
        return {
            order.id: {
                "state": labels[order.state],
                "level": levels.get(order.state, "info"),
                "amount": order.amount_untaxed,
                "currency_id": order.currency_id.id,
            }
            for order in self
        }

    def _interaction_detail(self):
        lines = self.order_line.filtered(lambda line: not line.display_type)
        return {
            "text": "",
            "lines": [
                {
                    "product": line.product_id.display_name or line.name,
                    "quantity": line.product_uom_qty,
                    "uom": line.product_uom_id.name or "",
                    "amount": line.price_subtotal,
                    "currency_id": line.currency_id.id,
                }
                for line in lines
            ],
        }

    def _crm_is_cart_condition(self):
        """Condition on the row ``o`` that tells a cart nobody has sent from an open quotation.

        :rtype: SQL
        """
        return SQL("FALSE")

    def _crm_not_a_cart_domain(self):
        """The same as :meth:`_crm_is_cart_condition`, as a domain for what is not one."""
        return Domain.TRUE

    def _action_confirm(self):
        result = super()._action_confirm()
        self.crm_offer_id.sudo()._set_accepted()  # sudo: a customer who signs in the portal has no role
        return result

    def _action_cancel(self):
        result = super()._action_cancel()
        self.crm_offer_id.sudo()._set_declined(  # sudo: as above
            self.env._("The quotation was cancelled.")
        )
        return result

    def action_draft(self):
        result = super().action_draft()
        self.crm_offer_id.sudo()._set_proposed()  # sudo: who may reopen the order, may reopen its offer
        return result

    def action_crm_offer(self):
        """Open the offer this quotation was made from."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Offer"),
            "res_model": "crm.offer",
            "res_id": self.crm_offer_id.id,
            "view_mode": "form",
        }
