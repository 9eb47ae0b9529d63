from odoo import models
from odoo.tools import SQL


class SaleOrderLine(models.Model):
    _name = "sale.order.line"
    _inherit = ["sale.order.line", "crm.fact.source"]

    _crm_fact_fields = frozenset(
        {
            "order_id",
            "product_id",
            "product_uom_id",
            "product_uom_qty",
            "qty_delivered",
            "qty_invoiced",
            "price_subtotal",
        }
    )
    _crm_owner_fields = frozenset({"order_id"})

    def _crm_owner_query(self, ids):
        return self._crm_owner_query_by_order(SQL("SELECT order_id FROM sale_order_line WHERE id IN %s", ids))

    def _crm_leave_to_others(self, pending):
        orders = pending.setdefault("sale.order", set())
        left = set()
        for line in self:
            if order_id := line._cache.get("order_id"):
                orders.add(order_id)
            else:
                left.add(line.id)
        return left

    def _crm_bought_lines_sql(self, orders, company):
        """The order lines that are products bought, with what belongs to them.

        :param SQL orders: the orders to look at, a table or a subquery with a column ``id``
        :return: what follows FROM: tables ``o`` (order), ``l`` (line), ``p`` (product), ``t`` (product
            template) and ``company``
        :rtype: SQL
        """
        return SQL(
            """
            %(orders)s AS o
            JOIN sale_order_line l ON l.order_id = o.id
            JOIN res_company company ON company.id = %(company)s
            JOIN product_product p ON p.id = l.product_id
            JOIN product_template t ON t.id = p.product_tmpl_id
                                   AND l.product_uom_qty > 0
                                   AND NOT COALESCE(%(left_out)s, FALSE)
            """,
            orders=orders,
            company=company.id,
            left_out=SQL(" OR ").join(self._crm_not_a_product_conditions()),
        )

    def _crm_not_a_product_conditions(self):
        """Conditions on the row ``l`` that tell an order line which is not a product bought.

        Sections, notes, down payments, the price line of a combo (its items are the products) and
        the global discount. Bridges to other apps add theirs (delivery fees, rewards).

        :return: SQL conditions, each true for a line to leave out; tables ``l`` (order line),
            ``t`` (product template) and ``company`` are at hand
        :rtype: list[SQL]
        """
        return [
            SQL("l.display_type IS NOT NULL"),
            SQL("l.is_downpayment"),
            SQL("t.type = 'combo'"),
            SQL("l.product_id = company.sale_discount_product_id"),
        ]
