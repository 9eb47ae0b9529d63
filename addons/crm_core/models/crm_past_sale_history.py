from dateutil.relativedelta import relativedelta

from odoo import api, models
from odoo.fields import Domain
from odoo.tools import SQL

# What makes lines one order of the timeline.
ORDER_FIELDS = frozenset({"company_id", "partner_id", "date", "reference"})
SAME_ORDER = SQL(
    """
    other.partner_id = line.partner_id AND other.date = line.date AND other.company_id = line.company_id
    AND COALESCE(other.reference, '') = COALESCE(line.reference, '')
    """
)


class CrmPastSale(models.Model):
    """Old orders in the history and behind the figures: the first line of an order stands for it."""

    _name = "crm.past.sale"
    _inherit = ["crm.past.sale", "crm.interaction.mixin"]

    _interaction_fields = ORDER_FIELDS
    _interaction_has_time = False
    _interaction_unfolds = True

    # ------------------------------------------------------------------
    # Timeline
    # ------------------------------------------------------------------

    def _get_order_lines(self):
        """These and the other lines of the same orders, as the database knows them."""
        ids = tuple(id_ for id_ in self._ids if id_)
        if not ids:
            return self.browse()
        rows = self.env.execute_query(
            SQL(
                "SELECT DISTINCT other.id FROM crm_past_sale line JOIN crm_past_sale other ON %s"
                " WHERE line.id IN %s",
                SAME_ORDER,
                ids,
            )
        )
        return self.browse(id_ for (id_,) in rows)

    def _write_multi(self, vals_list):
        moved = any(not ORDER_FIELDS.isdisjoint(vals) for vals in vals_list)
        left_behind = self._get_order_lines() if moved else self.browse()
        result = super()._write_multi(vals_list)
        if moved:  # any of them may be the first now; a new line never is, among older ones
            (left_behind | self._get_order_lines())._interaction_sync_later()
        return result

    def unlink(self):
        left_behind = self.browse()
        if self:
            self.flush_recordset(ORDER_FIELDS)
            left_behind = self._get_order_lines() - self
        result = super().unlink()
        left_behind._interaction_sync_later()
        return result

    def _interaction_query(self, ids):
        return SQL(
            """
            SELECT line.id, '', 'past_order', %(date)s, line.partner_id, line.partner_id, line.company_id,
                   'document', NULL, NULL::int, line.reference, NULL
              FROM crm_past_sale line
             WHERE line.id IN %(ids)s
               AND NOT EXISTS (SELECT FROM crm_past_sale other WHERE %(same)s AND other.id < line.id)
            """,
            date=self.env["res.company"]._crm_end_of_day_sql(SQL("line.company_id"), SQL("line.date")),
            ids=ids,
            same=SAME_ORDER,
        )

    def _interaction_look(self):
        if not self:
            return {}
        self.env["crm.past.sale"].flush_model()
        rows = self.env.execute_query(
            SQL(
                """
                SELECT line.id, sum(other.amount_company)
                  FROM crm_past_sale line
                  JOIN crm_past_sale other ON %s
                 WHERE line.id IN %s
                 GROUP BY line.id
                """,
                SAME_ORDER,
                self._ids,
            )
        )
        currencies = {line.id: line.company_id.currency_id.id for line in self}
        return {
            id_: {
                "state": self.env._("Imported"),
                "level": "muted",
                "amount": float(amount or 0),
                "currency_id": currencies[id_],
            }
            for id_, amount in rows
        }

    def _interaction_detail(self):
        lines = self._get_order_lines()._filtered_access("read").sorted("id")
        return {
            "text": "",
            "lines": [
                {
                    "product": line.product_id.display_name,
                    "quantity": line.quantity,
                    "uom": line.product_uom_id.name or "",
                    "amount": line.amount,
                    "currency_id": line.currency_id.id,
                }
                for line in lines
            ],
        }

    # ------------------------------------------------------------------
    # Behind the figures
    # ------------------------------------------------------------------

    @api.model
    def _get_counts(self, customer, company):
        """How many imported orders are in the figures of a customer.

        :return: (all of them, those of the last 12 months)
        """
        if not company.sudo().crm_has_past_sales:  # sudo: a note about the company
            return 0, 0
        since = company._crm_today() - relativedelta(years=1)
        among = SQL("buyer.commercial_partner_id = %s", customer.id)
        return self.env.execute_query(
            SQL(
                """
                SELECT count(DISTINCT order_id), count(DISTINCT order_id) FILTER (WHERE day > %s)
                  FROM (%s) AS past
                """,
                since,
                self._lines_sql(company, among),
            )
        )[0]


class CrmCustomerStat(models.Model):
    _inherit = "crm.customer.stat"

    def _get_overview_tiles(self):
        """Which part of a figure was imported, and the way to it."""
        tiles = super()._get_overview_tiles()
        if not self:
            return tiles
        total, recent = self.env["crm.past.sale"]._get_counts(self.partner_id, self.company_id)
        counts = {"turnover": recent, "orders": total}
        for tile in tiles:
            if count := counts.get(tile["key"]):
                tile["more"] = {"label": self.env._("%s imported", count), "records": "past_sales"}
        return tiles


class ResPartner(models.Model):
    _inherit = "res.partner"

    def _crm_overview(self):
        overview = super()._crm_overview()
        return {**overview, "has_past_sales": any(tile.get("more") for tile in overview["tiles"])}

    def _crm_record_windows(self):
        return {
            **super()._crm_record_windows(),
            "past_sales": (
                self.env._("Imported History"),
                "crm.past.sale",
                Domain("partner_id", "any", self._crm_members_domain())
                & Domain("company_id", "=", self.env.company.id),
                ["list", "kanban", "form", "pivot"],
            ),
        }

    def _crm_timeline_product_queries(self, product_ids):
        return {
            **super()._crm_timeline_product_queries(product_ids),
            "crm.past.sale": SQL(
                """
                SELECT other.id
                  FROM crm_past_sale line
                  JOIN crm_past_sale other ON %s
                  JOIN res_partner buyer ON buyer.id = line.partner_id
                 WHERE buyer.commercial_partner_id = %s AND line.product_id = ANY(%s)
                """,
                SAME_ORDER,
                self.commercial_partner_id.id,
                product_ids,
            ),
        }
