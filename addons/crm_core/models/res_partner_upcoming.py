from collections import namedtuple

from odoo import api, fields, models
from odoo.fields import Domain

UPCOMING_MAX = 50
DOCUMENTS_MAX = 200

# One kind of what is to come: where it comes from, by which field it is ordered and how it is called.
Upcoming = namedtuple("Upcoming", "kind model domain date_field name_field")


class ResPartner(models.Model):
    """What is to come with a customer, and what is being prepared."""

    _inherit = "res.partner"

    @api.readonly
    def crm_upcoming(self, limit: int = 5) -> dict:
        """Drafts, deliveries and returns under way, planned activities and meetings, next first.

        :param limit: rows wanted, 1 to 50
        :return: ``rows`` (``key``, ``model``, ``res_id``, ``kind``, ``kind_label``, ``date`` in UTC,
            ``day`` (of what has no hour, else None), ``subject``, ``user``, ``contact``, ``state``,
            ``level``, ``amount``, ``currency_id``) and ``more`` (whether there are others)
        """
        self.ensure_one()
        self._crm_check_access()
        limit = min(max(limit, 1), UPCOMING_MAX)
        rows = []
        for source in self.commercial_partner_id._crm_upcoming_sources():
            if self.env[source.model].has_access("read"):
                rows += self._crm_upcoming_rows(source, limit + 1)
        rows.sort(key=lambda row: (row["date"], row["key"]))
        return {"rows": rows[:limit], "more": len(rows) > limit}

    def _crm_upcoming_sources(self):
        """What may be to come; an addon adds its own kinds.

        :rtype: list[Upcoming]
        """
        company = Domain("company_id", "=", self.env.company.id)
        own = Domain("partner_id", "any!", self._crm_members_domain())
        drafts = Domain("state", "=", "draft") & own & company
        drafts &= self.env["sale.order"]._crm_not_a_cart_domain()
        under_way = (
            Domain("state", "not in", ("draft", "done", "cancel"))
            & Domain("sale_id", "any!", own)
            & Domain("sale_id", "any!", Domain("state", "=", "sale"))
            & company
        )
        meetings = Domain("start", ">", fields.Datetime.now()) & Domain(
            "partner_ids", "any!", self._crm_members_domain()
        )
        return [
            Upcoming("quotation", "sale.order", drafts, "date_order", "name"),
            Upcoming(
                "delivery",
                "stock.picking",
                under_way & Domain("picking_type_id.code", "=", "outgoing"),
                "scheduled_date",
                "name",
            ),
            Upcoming(
                "return",
                "stock.picking",
                under_way & Domain("picking_type_id.code", "=", "incoming"),
                "scheduled_date",
                "name",
            ),
            Upcoming("meeting", "calendar.event", meetings, "start", "name"),
            Upcoming("activity", "mail.activity", self._crm_activity_domain(), "date_deadline", "summary"),
        ]

    def _crm_activity_domain(self):
        """Planned activities on the customer, its people, open opportunities and unfinished quotations."""
        own = Domain("partner_id", "any!", self._crm_members_domain())
        targets = {
            "res.partner": self._crm_members_domain(),
            "crm.lead": own & Domain("won_status", "=", "pending"),
            "sale.order": own & Domain("state", "in", ("draft", "sent")),
        }
        return Domain("active", "=", True) & Domain.OR(
            Domain("res_model", "=", name)
            & Domain("res_id", "in", self.env[name].search(domain, limit=DOCUMENTS_MAX).ids)
            for name, domain in targets.items()
            if self.env[name].has_access("read")
        )

    def _crm_upcoming_rows(self, source, limit):
        kinds = dict(self.env["crm.interaction"]._fields["kind"]._description_selection(self.env))
        records = self.env[source.model].search(source.domain, order=f"{source.date_field}, id", limit=limit)
        looks = records._interaction_look()
        is_day = records._fields[source.date_field].type == "date"
        rows = []
        for record in records:
            value = record[source.date_field]
            rows.append(
                {
                    "key": f"{source.model},{record.id}",
                    "model": source.model,
                    "res_id": record.id,
                    "kind": source.kind,
                    "kind_label": kinds[source.kind],
                    "date": (self.env.company._crm_end_of_day(value) if is_day else value).isoformat(),
                    "day": value.isoformat() if is_day else None,
                    "subject": record[source.name_field] or record.display_name,
                    "user": record.user_id.name or "",
                    "contact": "",
                    "state": "",
                    "level": "info",
                    "amount": None,
                    "currency_id": None,
                    **looks.get(record.id, {}),
                }
            )
        return rows
