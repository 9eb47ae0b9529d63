import numpy as np
from dateutil.relativedelta import relativedelta

from odoo import api, models
from odoo.tools import SQL

LEARN_MONTHS = 36  # of closed deals
ORDERS_MONTHS = 24
OWNERS = ("team_id", "user_id", "country_id", "state_id")  # what an opportunity says of whose it is
PRIOR_DEALS = 5  # what "all of it is ordered" weighs as, where few deals were won


class CrmAnalyticsForecast(models.Model):
    """What a forecast is made of, one statement each: sales by month, opportunities, chances given."""

    _inherit = "crm.analytics.forecast"

    @api.model
    def _get_sales(self, company, as_of, column=None):
        """Sales by month until a day.

        :param column: of a dimension, by which they are told apart
        :return: dict of arrays: ``month`` (months since year 0), ``from_deal``, ``member`` (ids, 0: none),
            ``amount``
        """
        rows = self.env.execute_query(
            SQL(
                """
                SELECT (extract(year FROM month) * 12 + extract(month FROM month) - 1)::int,
                       from_deal::int, %s, sum(amount)::float
                  FROM crm_analytics_sales
                 WHERE company_id = %s AND month <= %s
                 GROUP BY 1, 2, 3
                """,
                SQL("COALESCE(%s, 0)", SQL.identifier(column)) if column else SQL("0"),
                company.id,
                as_of,
            )
        )
        return _table(rows, ("month", "from_deal", "member", "amount"))

    @api.model
    def _get_deals(self, company, as_of):
        """Opportunities as they were on a day: the open ones, and those closed in the years before.

        An order that is confirmed already is taken off what is still to come of its opportunity, so that
        no money is in both the sales and the pipeline.

        :return: dict of arrays: ``id``; ``created``, ``due``, ``ended`` (months as of :meth:`_get_sales`, due
            and ended nan where there is none); ``age`` (months from creation to the end or the day);
            ``outcome`` (see ``lib.pipeline``); ``probability`` (0 to 1, nan where unknown); ``amount``
            expected, ``ordered``; ``omitted``; ``team_id``, ``user_id``, ``country_id``, ``state_id``
        """
        self.env.flush_all()
        names = (
            *("id", "created", "due", "ended", "age", "outcome"),
            *("probability", "amount", "ordered", "omitted", *OWNERS),
        )
        rows = self.env.execute_query(
            SQL(
                """
                WITH deal AS (%(deals)s)
                SELECT deal.id, %(created)s, %(due)s, %(ended)s,
                       (LEAST(COALESCE(deal.ended, %(as_of)s), %(as_of)s) - deal.created) / 30.4375,
                       CASE WHEN deal.ended IS NULL THEN 0 WHEN deal.won_status = 'won' THEN 1 ELSE 2 END,
                       CASE WHEN deal.was_open_then THEN snapshot.probability ELSE deal.probability END / 100,
                       -- The amount of then where it is known, of now otherwise.
                       COALESCE(snapshot.expected_revenue, deal.expected_revenue)::float,
                       COALESCE(ordered.amount, 0)::float,
                       (COALESCE(snapshot.category, deal.category) = 'omitted')::int,
                       %(owners)s
                  FROM deal
                  LEFT JOIN LATERAL (
                       SELECT probability, expected_revenue, date_deadline, category
                         FROM crm_analytics_pipeline_snapshot taken
                        WHERE taken.lead_id = deal.id AND taken.date <= %(as_of)s AND deal.was_open_then
                        ORDER BY date DESC LIMIT 1) AS snapshot ON TRUE
                  LEFT JOIN (%(ordered)s) AS ordered ON ordered.opportunity_id = deal.id
                """,
                deals=self._get_deals_query(company, as_of),
                created=months_sql(SQL("deal.created")),
                due=months_sql(SQL("COALESCE(snapshot.date_deadline, deal.date_deadline)")),
                ended=months_sql(SQL("deal.ended")),
                ordered=self._get_ordered_query(company, as_of),
                owners=SQL(", ").join(
                    SQL("COALESCE(%s, 0)", SQL.identifier("deal", name)) for name in OWNERS
                ),
                as_of=as_of,
            )
        )
        return _table(rows, names)

    @api.model
    def _get_deals_query(self, company, as_of):
        return SQL(
            """
            SELECT id, created, date_deadline, won_status, probability, expected_revenue, category,
                   %(owners)s, CASE WHEN ended <= %(as_of)s THEN ended END AS ended,
                   ended IS NOT NULL AND ended > %(as_of)s AS was_open_then
              FROM (SELECT lead.id, lead.date_deadline, lead.won_status, lead.probability,
                           COALESCE(lead.expected_revenue, 0) AS expected_revenue,
                           lead.crm_forecast_category AS category, %(lead_owners)s,
                           (COALESCE(lead.date_conversion, lead.create_date)
                                AT TIME ZONE 'UTC' AT TIME ZONE %(tz)s)::date AS created,
                           CASE WHEN lead.won_status IN ('won', 'lost')
                                THEN (COALESCE(lead.date_closed, lead.write_date)
                                          AT TIME ZONE 'UTC' AT TIME ZONE %(tz)s)::date END AS ended
                      FROM crm_lead lead
                      LEFT JOIN crm_team team ON team.id = lead.team_id
                      LEFT JOIN res_users u ON u.id = lead.user_id
                     WHERE lead.type = 'opportunity'
                       AND (lead.active OR lead.won_status = 'lost')
                       AND %(owner)s = %(company)s) AS found
             WHERE created <= %(as_of)s
               AND (ended IS NULL OR ended > %(learn)s)
            """,
            owners=SQL(", ").join(map(SQL.identifier, OWNERS)),
            lead_owners=SQL(", ").join(SQL.identifier("lead", name) for name in OWNERS),
            owner=self.env["crm.lead"]._crm_company_sql(),
            company=company.id,
            tz=company._crm_timezone(),
            as_of=as_of,
            learn=as_of - relativedelta(months=LEARN_MONTHS),
        )

    @api.model
    def _get_ordered_query(self, company, as_of):
        """What was ordered of each opportunity until a day."""
        return SQL(
            """
            SELECT opportunity_id,
                   sum(amount_untaxed / COALESCE(NULLIF(currency_rate, 0), 1)::numeric) AS amount
              FROM sale_order
             WHERE company_id = %s
               AND state = 'sale'
               AND opportunity_id IS NOT NULL
               AND (date_order AT TIME ZONE 'UTC' AT TIME ZONE %s)::date <= %s
             GROUP BY opportunity_id
            """,
            company.id,
            company._crm_timezone(),
            as_of,
        )

    @api.model
    def _get_given_chances(self, company, as_of, settled):
        """What was said of deals that are closed, in the middle of their life: one snapshot of each.

        :param date settled: deals created later are left out, of those only the quick ones are closed
        :return: (probabilities, 0 to 1, whether won), arrays
        """
        rows = self.env.execute_query(
            SQL(
                """
                SELECT probability / 100, (won_status = 'won')::int
                  FROM (SELECT taken.probability, lead.won_status,
                               row_number() OVER life AS number, count(*) OVER (PARTITION BY lead.id) AS count
                          FROM crm_analytics_pipeline_snapshot taken
                          JOIN crm_lead lead ON lead.id = taken.lead_id
                         WHERE taken.company_id = %(company)s
                           AND taken.date <= %(as_of)s
                           AND lead.won_status IN ('won', 'lost')
                           AND COALESCE(lead.date_closed, lead.write_date) <= %(as_of)s
                           AND COALESCE(lead.date_conversion, lead.create_date) <= %(settled)s
                        WINDOW life AS (PARTITION BY lead.id ORDER BY taken.date)) AS seen
                 WHERE number = (count + 1) / 2
                """,
                company=company.id,
                as_of=as_of,
                settled=settled,
            )
        )
        return np.array(rows, dtype=float).reshape(-1, 2).T

    @api.model
    def _get_quoted_shares(self, company, deals):
        """Of which categories what is quoted for open deals is: {lead id: {category id: share}}."""
        rows = self.env.execute_query(
            SQL(
                """
                SELECT o.opportunity_id, COALESCE(template.categ_id, 0), sum(line.price_subtotal)::float
                  FROM sale_order o
                  JOIN sale_order_line line ON line.order_id = o.id
                  LEFT JOIN product_product product ON product.id = line.product_id
                  LEFT JOIN product_template template ON template.id = product.product_tmpl_id
                 WHERE o.company_id = %s
                   AND o.opportunity_id = ANY(%s)
                   AND o.state IN ('draft', 'sent')
                   AND line.display_type IS NULL
                   AND line.price_subtotal > 0
                 GROUP BY 1, 2
                """,
                company.id,
                [int(id_) for id_ in deals],
            )
        )
        found = {}
        for lead_id, categ_id, amount in rows:
            found.setdefault(lead_id, {})[categ_id] = amount
        return {
            lead_id: {categ_id: amount / sum(parts.values()) for categ_id, amount in parts.items()}
            for lead_id, parts in found.items()
        }


def months_sql(day):
    """Months since the year 0 of a day, as a number of the database."""
    return SQL("(extract(year FROM %s) * 12 + extract(month FROM %s) - 1)::float", day, day)


def _table(rows, names):
    columns = np.array(rows, dtype=float).reshape(-1, len(names)).T
    return dict(zip(names, columns, strict=True))
