from dateutil.relativedelta import relativedelta

from odoo import models
from odoo.exceptions import UserError
from odoo.fields import Domain

PRODUCTS_SHOWN = 10
CONTACTS_SHOWN = 4


class ResPartner(models.Model):
    _inherit = "res.partner"

    def _crm_overview(self):
        """The content of the 360 screen; other addons override it and add a section of their own.

        Called on a commercial entity whose facts are fresh and whose access has been checked.

        :return: plain values only, as documented in :meth:`crm_overview`
        :rtype: dict
        """
        self.ensure_one()
        stat = self._crm_get_stats().get(self, self.env["crm.customer.stat"])
        company = self.env.company
        return {
            "partner": self._crm_overview_partner(),
            "company": {
                "id": company.id,
                "name": company.name,
                "currency_id": company.currency_id.id,
                "is_one_of_many": len(self.env.user.company_ids) > 1,
            },
            "lifecycle": stat._get_overview_lifecycle(),
            "tiles": stat._get_overview_tiles(),
            "todo": stat._get_overview_todo(),
            "next_actions": self._crm_overview_next_actions(),
            "turnover": stat._get_overview_turnover(),
            "products": self._crm_overview_products(),
            "history": self._crm_overview_history(),
            "rights": {
                "create_quotation": self.env["sale.order"].has_access("create")
                and self.env["crm.offer"].has_access("create"),
                "edit_partner": self.has_access("write"),
            },
        }

    def _crm_overview_history(self):
        """By what the history can be narrowed down."""
        Interaction = self.env["crm.interaction"]
        kinds = dict(Interaction._fields["kind"]._description_selection(self.env))
        groups = self._crm_timeline_groups()
        grouped = {kind for (_key, _label, members) in groups for kind in members}
        rest = [kind for kind in kinds if kind not in grouped]
        return {
            "groups": [
                {"key": key, "label": label, "kinds": members}
                for key, label, members in (*groups, ("other", self.env._("Other"), rest))
            ],
            "channels": [
                {"value": value, "label": label}
                for value, label in Interaction._fields["channel"]._description_selection(self.env)
            ],
        }

    def _crm_overview_next_actions(self):
        """What is proposed for this customer to the reader, or to whoever looks."""
        Action = self.env["crm.next.action"]
        if not Action.has_access("read"):
            return {"rows": [], "reasons": []}
        wanted = Action._get_open_domain() & Domain("partner_id", "=", self.id)
        return {
            "rows": [{**action._get_day_row(), "type": "recommendation"} for action in Action.search(wanted)],
            "reasons": Action._get_reject_reasons(),
        }

    def _crm_timeline_groups(self):
        """Kinds of contact that share a button of the history; an addon adds its own.

        :return: (key, label, kinds) in the order of the buttons; a kind may be under several,
            what is in none is under "Other"
        """
        return [
            ("orders", self.env._("Orders"), ["quotation", "order", "past_order"]),
            ("invoices", self.env._("Invoices"), ["invoice", "refund", "payment"]),
            ("reminders", self.env._("Reminders"), ["reminder"]),
            ("deliveries", self.env._("Deliveries"), ["delivery", "return"]),
            ("emails", self.env._("E-mails"), ["email", "reminder"]),
            ("calls", self.env._("Calls"), ["call"]),
            ("meetings", self.env._("Meetings"), ["meeting"]),
            ("opportunities", self.env._("Opportunities"), ["lead", "won", "lost"]),
        ]

    def _crm_overview_partner(self):
        contacts = self.search_fetch(
            [
                ("commercial_partner_id", "=", self.id),
                ("id", "!=", self.id),
                ("type", "=", "contact"),
            ],
            ["name", "function", "email", "phone"],
            limit=CONTACTS_SHOWN + 1,
            order="id",
        )
        return {
            "id": self.id,
            "name": self.display_name,
            "is_company": self.is_company,
            "is_archived": not self.active,
            "email": self.email or "",
            "phone": self.phone or "",
            "website": self.website or "",
            "place": ", ".join(filter(None, (self.city, self.country_id.name))),
            "tags": [{"id": tag.id, "name": tag.name, "color": tag.color} for tag in self.category_id],
            "salesperson": self.user_id.name or "",
            "contacts": [
                {
                    "id": contact.id,
                    "name": contact.name or contact.display_name,
                    "function": contact.function or "",
                    "email": contact.email or "",
                    "phone": contact.phone or "",
                }
                for contact in contacts[:CONTACTS_SHOWN]
            ],
            "has_more_contacts": len(contacts) > CONTACTS_SHOWN,
        }

    def _crm_overview_products(self, limit=PRODUCTS_SHOWN, offset=0):
        Fact = self.env["crm.customer.product"]
        domain = [("company_id", "=", self.env.company.id), ("partner_id", "=", self.id)]
        facts = Fact.search(domain, order="repeat_score desc, amount desc, id", limit=limit, offset=offset)
        count = Fact.search_count(domain) if len(facts) == limit or offset else len(facts)
        return {"count": count, "rows": [fact._get_overview_row() for fact in facts]}

    def crm_overview_products(self, limit: int = 50, offset: int = 0) -> dict:
        """Further products bought by the customer, most regular first.

        :param limit: 1 to 200
        :return: ``count`` and ``rows`` as in the section ``products`` of :meth:`crm_overview`
        """
        self._crm_check_access()
        return self.commercial_partner_id._crm_overview_products(min(max(limit, 1), 200), max(offset, 0))

    def crm_open_records(self, kind: str) -> dict:
        """The window action with the records behind a figure of the overview.

        :param kind: ``invoices``, ``orders``, ``quotations``, ``opportunities``, ``overdue``,
            ``deliveries``, ``returns``, ``products``, ``contacts``, ``offers``, ``past_sales``
        :raise UserError: unknown kind
        """
        self._crm_check_access()
        customer = self.commercial_partner_id
        windows = customer._crm_record_windows()
        if kind not in windows:
            raise UserError(self.env._("There are no records of the kind “%s”.", kind))
        name, model, domain, views = windows[kind]
        return {
            "type": "ir.actions.act_window",
            "name": f"{name}: {customer.display_name}",
            "res_model": model,
            "domain": list(Domain(domain)),
            "views": [[False, view] for view in views],
            "view_mode": ",".join(views),
            "context": {"create": False},
        }

    def _crm_record_windows(self):
        """What :meth:`crm_open_records` can open: {kind: (title, model, domain, view types)}."""
        own = Domain("partner_id", "any", self._crm_members_domain()) & Domain(
            "company_id", "=", self.env.company.id
        )
        delivered = Domain("sale_id.partner_id", "any", self._crm_members_domain()) & Domain(
            "company_id", "=", self.env.company.id
        )
        today = self.env.company._crm_today()
        invoices = Domain("commercial_partner_id.commercial_partner_id", "=", self.id) & Domain(
            "company_id", "=", self.env.company.id
        )
        posted = invoices & Domain("state", "=", "posted")
        year_ago = today - relativedelta(years=1)
        return {
            "invoices": (
                self.env._("Invoices of 12 Months"),
                "account.move",
                posted
                & Domain("move_type", "in", ("out_invoice", "out_refund"))
                & Domain("invoice_date", ">", year_ago),
                ["list", "kanban", "form"],
            ),
            "orders": (
                self.env._("Orders"),
                "sale.order",
                own & Domain("state", "=", "sale"),
                ["list", "kanban", "form", "pivot", "graph"],
            ),
            "quotations": (
                self.env._("Open Quotations"),
                "sale.order",
                own
                & Domain("state", "in", ("draft", "sent"))
                & self.env["sale.order"]._crm_not_a_cart_domain(),
                ["list", "kanban", "form"],
            ),
            "opportunities": (
                self.env._("Open Opportunities"),
                "crm.lead",
                Domain("partner_id", "any", self._crm_members_domain())
                & Domain("type", "=", "opportunity")
                & Domain("won_status", "=", "pending"),
                ["list", "kanban", "form"],
            ),
            "overdue": (
                self.env._("Overdue Invoices"),
                "account.move",
                posted
                & Domain("move_type", "=", "out_invoice")
                & Domain("payment_state", "in", ("not_paid", "partial"))
                & Domain("invoice_date_due", "<", today),
                ["list", "kanban", "form"],
            ),
            "deliveries": (
                self.env._("Deliveries"),
                "stock.picking",
                delivered & Domain("picking_type_code", "=", "outgoing"),
                ["list", "kanban", "form"],
            ),
            "returns": (
                self.env._("Returns"),
                "stock.picking",
                delivered & Domain("picking_type_code", "=", "incoming"),
                ["list", "kanban", "form"],
            ),
            "products": (
                self.env._("Products Bought"),
                "crm.customer.product",
                Domain("partner_id", "=", self.id) & Domain("company_id", "=", self.env.company.id),
                ["list", "pivot", "graph"],
            ),
            "contacts": (
                self.env._("Contacts"),
                "res.partner",
                Domain("commercial_partner_id", "=", self.id) & Domain("id", "!=", self.id),
                ["kanban", "list", "form"],
            ),
            "offers": (
                self.env._("Offers"),
                "crm.offer",
                Domain("commercial_partner_id", "=", self.id),
                ["list", "form"],
            ),
        }
