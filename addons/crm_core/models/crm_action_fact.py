from datetime import timedelta

from odoo import api, models
from odoo.tools import SQL

# What a fact is, in the order of the list in the form: (name, label, SQL over the row s of the facts)
PLAIN_FACTS = {
    "orders": "order_count",
    "turnover": "invoiced_12m",
    "turnover_before": "invoiced_previous_12m",
    "average_order": "average_order_value",
    "interval": "expected_interval",
    "quotations": "quotation_count",
    "quotation_amount": "quotation_amount",
    "opportunities": "opportunity_count",
    "opportunity_amount": "opportunity_amount",
    "receivable": "receivable",
    "overdue": "overdue",
    "days_to_pay": "days_to_pay",
    "on_time": "on_time_rate",
    "returned": "return_rate",
}
NAMES_SHOWN = 3


class CrmActionFact(models.AbstractModel):
    """The facts that scores and reasons of action rules may speak of; extend both methods to add some."""

    _name = "crm.action.fact"
    _description = "Facts for action rules"

    @api.model
    def _get_labels(self):
        """What each fact is, by name.

        :return: (numbers for formula and reason, texts for the reason alone)
        :rtype: tuple[dict[str, str], dict[str, str]]
        """
        numbers = {
            "orders": self.env._("confirmed orders"),
            "turnover": self.env._("turnover of the last 12 months"),
            "turnover_before": self.env._("turnover of the 12 months before"),
            "average_order": self.env._("average order value"),
            "interval": self.env._("days between two purchases, by the own rhythm"),
            "days": self.env._("days since the last purchase"),
            "lateness": self.env._("days since the last purchase divided by the interval"),
            "days_first": self.env._("days since the first purchase"),
            "quotations": self.env._("open quotations"),
            "quotation_amount": self.env._("amount of the open quotations"),
            "quotation_days": self.env._("days since the oldest unanswered quotation was sent"),
            "opportunities": self.env._("open opportunities"),
            "opportunity_amount": self.env._("expected revenue of the open opportunities"),
            "receivable": self.env._("what the customer owes"),
            "overdue": self.env._("what is past its due date"),
            "days_to_pay": self.env._("average days from invoice to payment"),
            "on_time": self.env._("share of deliveries on time, 0 to 1"),
            "returned": self.env._("share sent back, 0 to 1"),
            "due": self.env._("number of products due by the own rhythm"),
            "days_contact": self.env._("days since the last contact, documents aside; 9999: never"),
        }
        numbers["greeting"] = self.env._("1 if somebody there is to be congratulated today, else 0")
        texts = {
            "due_names": self.env._("names of the products due"),
            "quotation": self.env._("number of the oldest unanswered quotation"),
            "greeting_name": self.env._("whom to congratulate today"),
        }
        return numbers, texts

    @api.model
    def _collect(self, customer_ids, company, names):
        """Values of the facts for these customers.

        :param customer_ids: ids of commercial entities
        :param company: ``res.company``
        :param set names: facts wanted; the others may be left out
        :return: {customer id: {name: value}}
        :rtype: dict[int, dict]
        """
        facts = {id_: {} for id_ in customer_ids}
        for part, collect in (
            ({*PLAIN_FACTS, "days", "days_first", "lateness"}, self._collect_stats),
            ({"due", "due_names"}, self._collect_due),
            ({"quotation", "quotation_days"}, self._collect_quotations),
            ({"days_contact"}, self._collect_contacts),
            ({"greeting", "greeting_name"}, self._collect_greetings),
        ):
            if names & part:
                for id_, values in collect(list(facts), company):
                    facts[id_].update(values)
        return facts

    def _collect_stats(self, ids, company):
        today = company._crm_today()
        query = SQL(
            "SELECT partner_id, first_purchase_date, last_purchase_date, %s FROM crm_customer_stat"
            " WHERE company_id = %s AND partner_id = ANY(%s)",
            SQL(", ").join(SQL.identifier(column) for column in PLAIN_FACTS.values()),
            company.id,
            ids,
        )
        for id_, first, last, *values in self.env.execute_query(query):
            facts = {name: float(value or 0) for name, value in zip(PLAIN_FACTS, values, strict=True)}
            facts["days"] = (today - last).days if last else 0
            facts["days_first"] = (today - first).days if first else 0
            facts["lateness"] = facts["days"] / facts["interval"] if facts["interval"] else 0.0
            yield id_, facts

    def _collect_due(self, ids, company):
        rows = self.env.execute_query(
            SQL(
                """
                SELECT partner_id, count(*), (array_agg(product_id ORDER BY repeat_score DESC))[:%s]
                  FROM crm_customer_product
                 WHERE company_id = %s
                   AND partner_id = ANY(%s)
                   AND day_count > 1
                   AND next_due_date <= %s
                 GROUP BY partner_id
                """,
                NAMES_SHOWN,
                company.id,
                ids,
                company._crm_today(),
            )
        )
        products = self.env["product.product"].browse({id_ for row in rows for id_ in row[2]}).sudo()
        names = {product.id: product.name for product in products}  # sudo: names for the reason
        for id_, count, product_ids in rows:
            shown = [names[product_id] for product_id in product_ids if product_id in names]
            rest = count - len(shown)
            more = [self.env._("%s more", rest)] if rest else []
            yield id_, {"due": count, "due_names": ", ".join(shown + more)}

    def _collect_quotations(self, ids, company):
        rows = self.env.execute_query(
            SQL(
                """
                SELECT DISTINCT ON (p.commercial_partner_id)
                       p.commercial_partner_id, o.name, extract(epoch FROM now() - o.date_order) / 86400
                  FROM sale_order o
                  JOIN res_partner p ON p.id = o.partner_id
                 WHERE p.commercial_partner_id = ANY(%s)
                   AND o.company_id = %s
                   AND o.state = 'sent'
                   AND (o.validity_date IS NULL OR o.validity_date >= %s)
                 ORDER BY p.commercial_partner_id, o.date_order
                """,
                ids,
                company.id,
                company._crm_today(),
            )
        )
        for id_, name, days in rows:
            yield id_, {"quotation": name, "quotation_days": max(int(days), 0)}

    def _collect_contacts(self, ids, company):
        found = dict(
            self.env.execute_query(
                SQL(
                    """
                    SELECT commercial_partner_id, extract(epoch FROM now() - max(date)) / 86400
                      FROM crm_interaction
                     WHERE commercial_partner_id = ANY(%s)
                       AND (company_id IS NULL OR company_id = %s)
                       AND channel != 'document'
                       AND date <= now() AT TIME ZONE 'UTC'
                     GROUP BY commercial_partner_id
                    """,
                    ids,
                    company.id,
                )
            )
        )
        for id_ in ids:
            yield id_, {"days_contact": int(found[id_]) if id_ in found else 9999}

    def _collect_greetings(self, ids, company):
        """Of the preferences, which know day and month alone. Who was born on 29 February is congratulated
        on the 28th in other years.
        """
        today = company._crm_today()
        days = [today.day]
        if today.day == 28 and (today + timedelta(days=1)).month == 3:
            days.append(29)
        rows = self.env.execute_query(
            SQL(
                """
                SELECT p.commercial_partner_id, string_agg(p.name, ', ' ORDER BY p.id)
                  FROM crm_contact_preference wish
                  JOIN res_partner p ON p.id = wish.partner_id
                 WHERE p.commercial_partner_id = ANY(%s)
                   AND p.active
                   AND wish.greeting_month = %s
                   AND wish.greeting_day = ANY(%s)
                 GROUP BY p.commercial_partner_id
                """,
                ids,
                str(today.month),
                days,
            )
        )
        for id_, names in rows:
            yield id_, {"greeting": 1, "greeting_name": names}
