from odoo import api, fields, models
from odoo.tools import SQL


class CrmCustomerStat(models.Model):
    _inherit = "crm.customer.stat"

    margin = fields.Monetary(
        readonly=True,
        groups="base.group_user",
        help="Of the confirmed orders: ordered less cost, by the rate of each order.",
    )
    margin_rate = fields.Float(
        "Margin (%)",
        readonly=True,
        groups="base.group_user",
        aggregator="avg",
        help="Margin as a share of what was ordered.",
    )

    @api.model
    def _refresh(self, company, partners):
        partner_ids = sorted(getattr(partners, "ids", partners))
        result = super()._refresh(company, partner_ids)
        if partner_ids:
            self.env.cr.execute(self._get_margin_query(company, partner_ids))
            self.invalidate_model(["margin", "margin_rate"])
        return result

    @api.model
    def _get_margin_query(self, company, partner_ids):
        # The rows are there already: a customer without an order keeps his, with no margin.
        return SQL(
            """
            WITH earned AS (
                SELECT p.commercial_partner_id AS partner_id,
                       sum(o.margin / o.rate) AS margin, sum(o.amount_untaxed / o.rate) AS ordered
                  FROM res_partner p
                  JOIN (SELECT partner_id, margin, amount_untaxed,
                               COALESCE(NULLIF(currency_rate, 0), 1)::numeric AS rate
                          FROM sale_order
                         WHERE company_id = %(company)s AND state = 'sale') AS o ON o.partner_id = p.id
                 WHERE p.commercial_partner_id = ANY(%(partners)s)
                 GROUP BY p.commercial_partner_id
            ), fresh AS (
                SELECT stat.id, round(COALESCE(earned.margin, 0), %(digits)s) AS margin,
                       (earned.margin / NULLIF(earned.ordered, 0))::float AS margin_rate
                  FROM crm_customer_stat stat
                  LEFT JOIN earned ON earned.partner_id = stat.partner_id
                 WHERE stat.company_id = %(company)s
                   AND stat.partner_id = ANY(%(partners)s)
            )
            UPDATE crm_customer_stat stat
               SET margin = fresh.margin, margin_rate = fresh.margin_rate
              FROM fresh
             WHERE fresh.id = stat.id
               AND (fresh.margin, fresh.margin_rate) IS DISTINCT FROM (stat.margin, stat.margin_rate)
            """,
            company=company.id,
            partners=partner_ids,
            digits=company.currency_id.decimal_places,
        )

    def _get_overview_tiles(self):
        return [*super()._get_overview_tiles(), self._get_margin_tile()]

    def _get_margin_tile(self):
        return self._tile(
            ("margin", self.env._("Margin"), "monetary", "orders"),
            self.margin if self.order_count else None,
            hint=self.env._("%s %% of orders", round(100 * self.margin_rate)) if self.order_count else "",
            level="danger" if self.margin < 0 else "",
        )
