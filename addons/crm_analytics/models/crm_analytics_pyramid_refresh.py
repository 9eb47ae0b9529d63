from datetime import datetime, time, timedelta

import numpy as np
import pytz
from dateutil.relativedelta import relativedelta

from odoo import api, models
from odoo.tools import SQL

from ..lib import pyramid
from ..lib.history import QUARTER
from ..lib.pyramid import LEVELS
from .table_copy import copy_in, copy_out, filled_at_once

# Hours after which a waiting time is worth half.
ANSWER_HALF = 24
QUOTATION_HALF = 72


class CrmAnalyticsPyramid(models.Model):
    """Where the figures come from: one query per part for all customers of a company."""

    _inherit = "crm.analytics.pyramid"

    @api.model
    def _refresh(self, company, as_of):
        """Score the relationship with all customers of a company that have a score.

        :param company: one ``res.company``
        :param date as_of: nothing later counts
        """
        self.env.flush_all()
        partners, segments = self._read_customers(company)
        parts = self._get_parts()
        found = {part.name: self._read_part(part.name, company, as_of, partners) for part in parts}
        built = pyramid.build(
            parts, {name: (share, count) for name, (share, count, _) in found.items()}, len(partners)
        )
        known = [part.name for part in parts if np.isfinite(built.parts[part.name]).any()]
        columns, values = self._list_columns(known, partners, segments, built, found)
        copy_in(self.env, "crm_analytics_served", columns, values)
        with filled_at_once(self):
            for query in self._get_store_queries(company, as_of, parts, known):
                self.env.cr.execute(query)
        self.env.cr.execute("DROP TABLE crm_analytics_served")
        self._remember_month(company, as_of, segments, built, found)
        self.invalidate_model()

    @api.model
    def _read_customers(self, company):
        """(ids of the customers with a score, sorted, and of their segments, 0 for none): arrays"""
        found = [np.zeros((2, 0), dtype=np.int64)]
        query = SQL(
            """
            SELECT partner_id, COALESCE(segment_id, 0)
              FROM crm_analytics_customer
             WHERE company_id = %s
             ORDER BY partner_id
            """,
            company.id,
        )
        copy_out(self.env, query, ("int", "int"), lambda columns: found.append(np.array(columns)))
        return np.concatenate(found, axis=1)

    @api.model
    def _read_part(self, name, company, as_of, partners):
        """Ask for one part: ``_get_<name>_query`` selects partner_id (of the customer), number of cases,
        share from 0 to 1, and the measure in its own unit, one row per customer.

        :param partners: sorted array n of ids
        :return: (share, cases, measure): arrays n, NaN where unknown
        """
        share, count, measure = np.full((3, len(partners)), np.nan)
        count[:] = 0
        zone = pytz.timezone(company._crm_timezone())
        until = zone.localize(datetime.combine(as_of + timedelta(days=1), time.min))
        period = {
            "company": company.id,
            "until": until.astimezone(pytz.utc).replace(tzinfo=None),
            "as_of": as_of,
            "year": as_of - relativedelta(years=1),
            "tz": company._crm_timezone(),
        }
        query = SQL(
            """
            SELECT partner_id, cases::float8, COALESCE(share::float8, 'NaN'), COALESCE(measure::float8, 'NaN')
              FROM (%s) AS part (partner_id, cases, share, measure)
             WHERE partner_id IS NOT NULL
            """,
            getattr(self, f"_get_{name}_query")(period),
        )

        def take(columns):
            places = np.minimum(np.searchsorted(partners, columns[0]), len(partners) - 1)
            known = partners[places] == columns[0]
            for target, column in zip((count, share, measure), columns[1:], strict=True):
                target[places[known]] = column[known]

        if len(partners):
            copy_out(self.env, query, ("int", "float", "float", "float"), take)
        return share, count, measure

    # The parts ----------------------------------------------------------------------

    @api.model
    def _get_first_answer_query(self, period):
        """From the customer's first words on a lead to our first answer: a message or a logged contact."""
        return SQL(
            """
            SELECT partner_id, count(*), avg(power(0.5, hours / %(half)s)),
                   percentile_cont(0.5) WITHIN GROUP (ORDER BY hours)
              FROM (SELECT person.commercial_partner_id AS partner_id,
                           GREATEST(EXTRACT(EPOCH FROM COALESCE(ours.date, %(until)s) - asked.date), 0)
                               / 3600 AS hours
                      FROM crm_lead lead
                      JOIN res_partner person ON person.id = lead.partner_id
                      LEFT JOIN crm_team team ON team.id = lead.team_id
                      LEFT JOIN res_users u ON u.id = lead.user_id
                     CROSS JOIN LATERAL (
                           SELECT min(m.date) AS date
                             FROM mail_message m
                             LEFT JOIN res_partner author ON author.id = m.author_id
                            WHERE m.model = 'crm.lead' AND m.res_id = lead.id
                              AND m.message_type IN ('email', 'comment')
                              AND m.is_internal IS NOT TRUE
                              AND author.partner_share IS NOT FALSE
                              AND m.date < %(until)s) AS asked
                      LEFT JOIN LATERAL (
                           SELECT min(said.date) AS date
                             FROM (SELECT m.date
                                     FROM mail_message m
                                     JOIN res_partner author ON author.id = m.author_id
                                    WHERE m.model = 'crm.lead' AND m.res_id = lead.id
                                      AND m.message_type IN ('comment', 'email_outgoing')
                                      AND m.is_internal IS NOT TRUE
                                      AND m.subtype_id IS DISTINCT FROM %(note)s
                                      AND author.partner_share IS FALSE
                                    UNION ALL
                                   SELECT log.date FROM crm_contact_log log
                                    WHERE log.lead_id = lead.id AND log.direction = 'out') AS said
                            WHERE said.date >= asked.date AND said.date < %(until)s) AS ours ON TRUE
                     WHERE %(lead_company)s = %(company)s
                       AND asked.date >= %(year)s
                       -- Who asked and was given up before an answer is no case that still waits.
                       AND (ours.date IS NOT NULL OR lead.active AND lead.won_status = 'pending')) AS request
             GROUP BY partner_id
            """,
            half=ANSWER_HALF,
            note=self.env["ir.model.data"]._xmlid_to_res_id("mail.mt_note"),
            lead_company=self.env["crm.lead"]._crm_company_sql(),
            **period,
        )

    @api.model
    def _get_quotation_query(self, period):
        """From an opportunity to its first quotation."""
        return SQL(
            """
            SELECT partner_id, count(*), avg(power(0.5, hours / %(half)s)),
                   percentile_cont(0.5) WITHIN GROUP (ORDER BY hours)
              FROM (SELECT person.commercial_partner_id AS partner_id,
                           GREATEST(EXTRACT(EPOCH FROM min(o.create_date)
                               - COALESCE(lead.date_conversion, lead.create_date)), 0) / 3600 AS hours
                      FROM crm_lead lead
                      JOIN sale_order o ON o.opportunity_id = lead.id
                      JOIN res_partner person ON person.id = o.partner_id
                     WHERE o.company_id = %(company)s
                       AND o.create_date < %(until)s
                       AND lead.create_date >= %(year)s
                     GROUP BY person.commercial_partner_id, lead.id) AS quoted
             GROUP BY partner_id
            """,
            half=QUOTATION_HALF,
            **period,
        )

    @api.model
    def _get_delivery_query(self, period):
        """Deliveries with a deadline: done by its local day, and nothing left for another."""
        return SQL(
            """
            SELECT person.commercial_partner_id, count(*), avg(good::int), round(100 * avg(good::int))
              FROM (SELECT picking.partner_id,
                           (picking.date_done AT TIME ZONE 'UTC' AT TIME ZONE %(tz)s)::date
                           <= (picking.date_deadline AT TIME ZONE 'UTC' AT TIME ZONE %(tz)s)::date
                           AND NOT EXISTS (SELECT FROM stock_picking rest
                                            WHERE rest.backorder_id = picking.id
                                              AND rest.state != 'cancel') AS good
                      FROM stock_picking picking
                      JOIN stock_picking_type kind ON kind.id = picking.picking_type_id
                     WHERE picking.company_id = %(company)s
                       AND picking.state = 'done'
                       AND picking.date_deadline IS NOT NULL
                       AND kind.code = 'outgoing'
                       AND picking.date_done >= %(year)s
                       AND picking.date_done < %(until)s) AS delivery
              JOIN res_partner person ON person.id = delivery.partner_id
             GROUP BY person.commercial_partner_id
            """,
            **period,
        )

    @api.model
    def _get_invoice_query(self, period):
        """Invoices that no credit note of ours takes back."""
        return SQL(
            """
            SELECT commercial_partner_id, count(*), avg(good::int), round(100 * avg(good::int))
              FROM (SELECT m.commercial_partner_id,
                           NOT EXISTS (SELECT FROM account_move credit
                                        WHERE credit.reversed_entry_id = m.id
                                          AND credit.state = 'posted'
                                          AND credit.invoice_date <= %(as_of)s) AS good
                      FROM account_move m
                     WHERE m.company_id = %(company)s
                       AND m.move_type = 'out_invoice'
                       AND m.state = 'posted'
                       AND m.invoice_date > %(year)s
                       AND m.invoice_date <= %(as_of)s) AS invoice
             GROUP BY commercial_partner_id
            """,
            **period,
        )

    @api.model
    def _get_tenure_query(self, period):
        return SQL(
            """
            SELECT partner_id, 1, 1 - power(0.5, years / 2), years
              FROM (SELECT partner_id, (%(as_of)s - first_day) / 365.25::float8 AS years
                      FROM crm_analytics_customer
                     WHERE company_id = %(company)s) AS known
            """,
            **period,
        )

    @api.model
    def _get_repeat_query(self, period):
        """Quarters with a purchase, of those since the first: four of 91 days at most."""
        return SQL(
            """
            SELECT partner_id, 1, bought / lived, round(100 * bought / lived)
              FROM (SELECT partner_id, COALESCE(active_quarters, 0)::float8 AS bought,
                           LEAST(4, (%(as_of)s - first_day) / %(quarter)s + 1) AS lived
                      FROM crm_analytics_customer
                     WHERE company_id = %(company)s) AS known
            """,
            quarter=QUARTER,
            **period,
        )

    @api.model
    def _get_breadth_query(self, period):
        """Categories on confirmed orders, against what the best tenth of the customers buys."""
        return SQL(
            """
            WITH broad AS (
                SELECT person.commercial_partner_id AS partner_id,
                       count(DISTINCT COALESCE(template.categ_id, 0)) AS categories
                  FROM sale_order o
                  JOIN res_partner person ON person.id = o.partner_id
                  JOIN sale_order_line line ON line.order_id = o.id
                  JOIN product_product product ON product.id = line.product_id
                  JOIN product_template template ON template.id = product.product_tmpl_id
                 WHERE o.company_id = %(company)s
                   AND o.state = 'sale'
                   AND o.date_order >= %(year)s
                   AND o.date_order < %(until)s
                   AND line.product_uom_qty > 0
                   AND line.is_downpayment IS NOT TRUE
                 GROUP BY person.commercial_partner_id)
            SELECT partner_id, 1, LEAST(1, categories / best), categories
              FROM broad,
                   (SELECT GREATEST(1, percentile_cont(0.9) WITHIN GROUP (ORDER BY categories)) AS best
                      FROM broad) AS usual
            """,
            **period,
        )

    @api.model
    def _remember_month(self, company, as_of, segments, built, found):
        """The means of this month so far, of all customers and of each segment; earlier months stay."""
        Month = self.env["crm.analytics.pyramid.month"]
        month = as_of.replace(day=1)
        Month.search([("company_id", "=", company.id), ("month", "=", month)]).unlink()
        groups = [(False, np.full(len(segments), True))]
        groups += [(id_, segments == id_) for id_ in np.unique(segments).tolist() if id_]
        existing = set(
            self.env["crm.analytics.segment"].browse([id_ for id_, _ in groups if id_]).exists().ids
        )
        Month.create(
            [
                {
                    "company_id": company.id,
                    "segment_id": id_,
                    "month": month,
                    "customer_count": int(members.sum()),
                    **self._average(members, built, found),
                }
                for id_, members in groups
                if members.any() and (not id_ or id_ in existing)
            ]
        )

    @api.model
    def _average(self, members, built, found):
        """Means of the levels and parts of some customers, of those of whom they are known."""
        levels = {level: built.levels[level][members] for level in LEVELS}
        known = [level for level, values in levels.items() if np.isfinite(values).any()]
        parts = {}
        for name, scores in built.parts.items():
            _share, count, measure = (values[members] for values in found[name])
            counted = np.isfinite(measure) & (count > 0)
            if counted.any():
                parts[name] = [
                    round(float(np.nanmean(scores[members])), 1),
                    int(count.sum()),
                    round(float(np.average(measure[counted], weights=count[counted])), 1),
                ]
        return {
            **{level: float(np.nanmean(levels[level])) for level in known},
            "known_levels": " ".join(known),
            "parts": parts,
        }
