from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.tools import SQL

PER_CUSTOMER = 5
USUAL = 20  # products of a customer that are looked at
NEIGHBOURS = 20  # of each of them
ACTIVE_MONTHS = 12


class CrmAnalyticsWhiteSpot(models.Model):
    """What a customer does not buy although those who buy the same do: a gap in what we sell him.

    Found anew with the pairs; written by ``_find`` alone. Who objects to profiles has none.
    """

    _name = "crm.analytics.white.spot"
    _description = "White Spot"
    _order = "potential desc, id"
    _rec_name = "product_id"
    _log_access = False

    company_id = fields.Many2one("res.company", required=True, readonly=True, ondelete="cascade")
    currency_id = fields.Many2one(related="company_id.currency_id")
    partner_id = fields.Many2one(
        "res.partner", "Customer", required=True, readonly=True, index=True, ondelete="cascade"
    )
    user_id = fields.Many2one(related="partner_id.user_id", string="Salesperson")
    country_id = fields.Many2one(related="partner_id.country_id")
    product_id = fields.Many2one(
        "product.product", "Does Not Buy", required=True, readonly=True, index=True, ondelete="cascade"
    )
    product_categ_id = fields.Many2one(related="product_id.categ_id")
    because_id = fields.Many2one(
        "product.product", "But Buys", required=True, readonly=True, index=True, ondelete="cascade"
    )
    peer_count = fields.Integer("Buy Both", readonly=True, aggregator=None)
    confidence = fields.Float(
        "Share of Peers", readonly=True, aggregator="avg", help="Of those who buy the one, who buy the other."
    )
    lift = fields.Float(readonly=True, aggregator="avg", digits=(16, 2))
    potential = fields.Monetary(
        readonly=True,
        help="What a usual buyer of the product spends on it in a year, times the share of peers who buy it.",
    )
    reason = fields.Char(compute="_compute_reason")

    _company_idx = models.Index("(company_id, potential DESC)")

    @api.depends("confidence", "because_id", "product_id")
    def _compute_reason(self):
        for spot in self:
            spot.reason = self.env._(
                "%(share)s %% of those who buy %(because)s buy %(product)s too (%(count)s customers)",
                share=round(100 * spot.confidence),
                because=spot.because_id.name,
                product=spot.product_id.name,
                count=spot.peer_count,
            )

    @api.model
    def _find(self, company):
        """Find the gaps of all customers who bought within a year, one statement for all of them.

        :return: how many
        """
        self.env.flush_all()
        Offer = self.env["crm.offer"].with_company(company)
        # sudo: ids alone, for a job that works for the company
        products = self.env["product.product"].sudo()._search(Offer._get_sellable_domain(company))
        self.env.cr.execute(SQL("DELETE FROM crm_analytics_white_spot WHERE company_id = %s", company.id))
        self.env.cr.execute(
            SQL(
                """
                WITH own AS (
                    SELECT partner_id, product_id
                      FROM (SELECT fact.partner_id, fact.product_id,
                                   row_number() OVER (PARTITION BY fact.partner_id
                                                      ORDER BY fact.repeat_score DESC,
                                                               fact.product_id) AS place
                              FROM crm_customer_product fact
                             WHERE fact.company_id = %(company)s
                               AND NOT (fact.returned_quantity > 0 AND fact.net_quantity <= 0)
                               AND fact.partner_id IN (
                                   SELECT stat.partner_id FROM crm_customer_stat stat
                                     JOIN res_partner partner ON partner.id = stat.partner_id
                                                             AND partner.active
                                    WHERE stat.company_id = %(company)s
                                      AND stat.last_order_date >= %(active)s)
                               AND fact.partner_id IN (%(may_profile)s)) AS ranked
                     WHERE place <= %(usual)s
                ), tie AS (
                    SELECT *
                      FROM (SELECT pair.*,
                                   row_number() OVER (PARTITION BY product_id
                                                      ORDER BY confidence DESC, id) AS place
                              FROM crm_analytics_pair pair
                             WHERE company_id = %(company)s AND kind = 'customer'
                               AND other_product_id IN (%(products)s)) AS ranked
                     WHERE place <= %(neighbours)s
                ), spend AS (
                    SELECT product_id, percentile_cont(0.5) WITHIN GROUP (ORDER BY a_year) AS a_year
                      FROM (SELECT product_id, amount * 365
                                   / GREATEST(365, %(today)s - first_date + 1)::float AS a_year
                              FROM crm_customer_product
                             WHERE company_id = %(company)s AND amount > 0) AS each
                     GROUP BY product_id
                ), gap AS (
                    SELECT DISTINCT ON (own.partner_id, tie.other_product_id)
                           own.partner_id, tie.other_product_id AS product_id, own.product_id AS because_id,
                           tie.basket_count, tie.confidence, tie.lift
                      FROM own
                      JOIN tie ON tie.product_id = own.product_id
                     WHERE NOT EXISTS (SELECT FROM crm_customer_product bought
                                        WHERE bought.company_id = %(company)s
                                          AND bought.partner_id = own.partner_id
                                          AND bought.product_id = tie.other_product_id)
                     ORDER BY own.partner_id, tie.other_product_id, tie.confidence DESC, tie.id
                )
                INSERT INTO crm_analytics_white_spot
                       (company_id, partner_id, product_id, because_id, peer_count, confidence, lift,
                        potential)
                SELECT %(company)s, partner_id, product_id, because_id, basket_count, confidence, lift,
                       potential
                  FROM (SELECT gap.*,
                               round((gap.confidence * spend.a_year)::numeric, %(digits)s) AS potential,
                               row_number() OVER (PARTITION BY gap.partner_id
                                                  ORDER BY gap.confidence * spend.a_year DESC,
                                                           gap.product_id) AS place
                          FROM gap JOIN spend ON spend.product_id = gap.product_id
                         WHERE (gap.partner_id, gap.product_id) NOT IN (%(declined)s)) AS ranked
                 WHERE place <= %(limit)s
                """,
                company=company.id,
                active=company._crm_today() - relativedelta(months=ACTIVE_MONTHS),
                today=company._crm_today(),
                may_profile=self.env["res.partner"].with_company(company)._crm_may_profile_sql(SQL("TRUE")),
                products=products.select(),
                declined=self._get_declined_query(company),
                usual=USUAL,
                neighbours=NEIGHBOURS,
                digits=company.currency_id.decimal_places,
                limit=PER_CUSTOMER,
            )
        )
        self.invalidate_model()
        return self.env.cr.rowcount

    @api.model
    def _get_declined_query(self, company):
        """Customers and products of offers that were declined lately: no gap, an answer."""
        return SQL(
            """
            SELECT offer.commercial_partner_id, line.product_id
              FROM crm_offer offer
              JOIN crm_offer_line line ON line.offer_id = offer.id
             WHERE offer.company_id = %s AND offer.state = 'declined' AND offer.closed_at >= %s
               AND offer.commercial_partner_id IS NOT NULL AND line.product_id IS NOT NULL
            """,
            company.id,
            company._crm_today() - relativedelta(days=company.crm_offer_declined_days),
        )

    def action_open_overview(self):
        """Open the customer's 360 screen."""
        self.ensure_one()
        return self.partner_id.action_crm_overview()

    def action_prepare_offers(self):
        """Start a selection for offers with these customers; what they miss is among what is offered."""
        return self.env["crm.customer.stat"]._action_prepare_offers(self.partner_id)

    def action_make_target_group(self):
        """A target group of these customers, picked by hand, to address them."""
        products = self.product_id.mapped("name")
        group = self.env["crm.target.group"].create(
            {
                "name": self.env._("Don't buy %s yet", ", ".join(products[:3])),
                "kind": "static",
            }
        )
        group._add_partners(self.partner_id)
        return {
            "type": "ir.actions.act_window",
            "name": group.name,
            "res_model": "crm.target.group",
            "res_id": group.id,
            "views": [[False, "form"]],
        }


class CrmOfferSourceWhiteSpot(models.AbstractModel):
    """What customers who buy the same buy, and this one does not: significant ties alone."""

    _name = "crm.offer.source.white.spot"
    _inherit = ["crm.offer.source"]
    _description = "White spots"
    _source_code = "white_spot"
    _weight_field = "crm_weight_white_spot"

    @api.model
    def _suggest(self, partners, limit, baskets=None):
        return self._collect(
            SQL(
                """
                SELECT partner_id, product_id, score, because_id, confidence, peer_count
                  FROM (SELECT partner_id, product_id, confidence * (1 - 1 / lift) AS score, because_id,
                               confidence, peer_count,
                               row_number() OVER (PARTITION BY partner_id
                                                  ORDER BY confidence DESC, product_id) AS place
                          FROM crm_analytics_white_spot
                         WHERE company_id = %s AND partner_id = ANY(%s)) AS ranked
                 WHERE place <= %s
                """,
                self.env.company.id,
                partners.ids,
                limit,
            )
        )

    @api.model
    def _explain(self, facts):
        because, confidence, count = facts
        return self.env._(
            "%(share)s %% of those who buy %(product)s buy it too (%(count)s customers)",
            share=round(100 * confidence),
            product=self.env["product.product"].browse(because).name,
            count=count,
        )


class ResCompany(models.Model):
    _inherit = "res.company"

    crm_weight_white_spot = fields.Float(
        "Weight of White Spots",
        default=0.3,
        help="How much it counts that customers who buy the same buy the product.",
    )

    _crm_weight_white_spot_positive = models.Constraint(
        "CHECK (crm_weight_white_spot >= 0)", "Weights can't be negative."
    )


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    crm_weight_white_spot = fields.Float(related="company_id.crm_weight_white_spot", readonly=False)
