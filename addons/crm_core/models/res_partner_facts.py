from functools import partial

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import SQL

from .crm_customer_stat import LIFECYCLES

USER = "crm_core.group_crm_core_user"
# Field of the partner: field of the customer's facts in the current company.
FACTS = {
    "crm_lifecycle": "lifecycle",
    "crm_is_top_customer": "is_top_customer",
    "crm_turnover_12m": "invoiced_12m",
    "crm_turnover_previous_12m": "invoiced_previous_12m",
    "crm_turnover": "invoiced_net",
    "crm_order_count": "order_count",
    "crm_average_order": "average_order_value",
    "crm_first_order_date": "first_order_date",
    "crm_last_order_date": "last_order_date",
    "crm_interval": "median_interval",
    "crm_overdue": "overdue",
    "crm_receivable": "receivable",
    "crm_days_to_pay": "days_to_pay",
    "crm_quotation_count": "quotation_count",
    "crm_opportunity_count": "opportunity_count",
    "crm_return_rate": "return_rate",
}
# Field of the partner: channels of the timeline.
LAST_CONTACTS = {
    "crm_last_contact_date": ("email", "phone", "meeting", "message", "letter", "portal", "other"),
    "crm_last_email_date": ("email",),
    "crm_last_call_date": ("phone",),
    "crm_last_meeting_date": ("meeting",),
}
OPPOSITE = {"<": ">=", "<=": ">"}


def fact_field(field_class, label, fname, **attributes):
    """A fact of the customer on the partner: read from, and searched in, the table of facts.

    An addon that adds one names it in :meth:`ResPartner._crm_facts` as well.
    """
    return field_class(
        string=label,
        compute="_compute_crm_facts",
        search=lambda partners, operator, value: partners._crm_search_fact(
            partners._crm_facts()[fname], operator, value
        ),
        groups=USER,
        **attributes,
    )


_money = partial(fact_field, fields.Monetary, currency_field="crm_currency_id")


def _last_contact(label, fname, **attributes):
    """When somebody last had contact with the customer, of the rows of the timeline."""
    return fields.Datetime(
        label,
        compute="_compute_crm_last_contacts",
        search=lambda partners, operator, value: partners._crm_search_last_contact(
            LAST_CONTACTS[fname], operator, value
        ),
        groups=USER,
        **attributes,
    )


class ResPartner(models.Model):
    """The facts of a customer as fields of the partner, for conditions: of target groups, rules and filters.

    Nothing is stored: a condition becomes a sub-select on the table of facts, for the current company and
    with the rights of the reader. A contact has the facts of its commercial entity.
    """

    _inherit = "res.partner"

    crm_currency_id = fields.Many2one("res.currency", "Currency of the Facts", compute="_compute_crm_facts")
    crm_lifecycle = fact_field(fields.Selection, "Lifecycle", "crm_lifecycle", selection=LIFECYCLES)
    crm_is_top_customer = fact_field(fields.Boolean, "Top Customer", "crm_is_top_customer")
    crm_turnover_12m = _money("Turnover 12 Months", "crm_turnover_12m")
    crm_turnover_previous_12m = _money("Turnover 12 Months Before", "crm_turnover_previous_12m")
    crm_turnover = _money("Turnover of All Times", "crm_turnover")
    crm_order_count = fact_field(fields.Integer, "Number of Orders", "crm_order_count")
    crm_average_order = _money("Average Order Value", "crm_average_order")
    crm_first_order_date = fact_field(fields.Date, "First Order", "crm_first_order_date")
    crm_last_order_date = fact_field(fields.Date, "Last Order", "crm_last_order_date")
    crm_interval = fact_field(fields.Float, "Interval Between Orders (Days)", "crm_interval")
    crm_overdue = _money("Overdue", "crm_overdue")
    crm_receivable = _money("Owes", "crm_receivable")
    crm_days_to_pay = fact_field(fields.Float, "Average Days to Pay", "crm_days_to_pay")
    crm_quotation_count = fact_field(fields.Integer, "Open Quotations", "crm_quotation_count")
    crm_opportunity_count = fact_field(fields.Integer, "Open Opportunities", "crm_opportunity_count")
    crm_return_rate = fact_field(fields.Float, "Share Returned", "crm_return_rate")

    crm_bought_product_ids = fields.Many2many(
        "product.product",
        string="Products Bought",
        compute="_compute_crm_products",
        search=lambda partners, operator, value: partners._crm_search_products(Domain.TRUE, operator, value),
        groups=USER,
        help="“Is not in” gives those who never bought any of them.",
    )
    crm_due_product_ids = fields.Many2many(
        "product.product",
        string="Products Due",
        compute="_compute_crm_products",
        search=lambda partners, operator, value: partners._crm_search_products(
            partners._crm_due_domain(), operator, value
        ),
        groups=USER,
        help="Bought at least twice, and by the own rhythm due today or earlier.",
    )
    crm_product_fact_ids = fields.Many2many(
        "crm.customer.product",
        string="Purchases by Product",
        compute="_compute_crm_product_facts",
        search=lambda partners, operator, value: partners._crm_search_products(
            Domain.TRUE, operator, value, fname="id"
        ),
        groups=USER,
        help="For conditions on one product together: bought three times, but not since spring.",
    )

    crm_last_contact_date = _last_contact(
        "Last Contact",
        "crm_last_contact_date",
        help="E-mail, call, meeting, message; no documents. “Before” includes those never contacted.",
    )
    crm_last_email_date = _last_contact("Last E-mail", "crm_last_email_date")
    crm_last_call_date = _last_contact("Last Call", "crm_last_call_date")
    crm_last_meeting_date = _last_contact("Last Meeting", "crm_last_meeting_date")

    # ------------------------------------------------------------------
    # Values
    # ------------------------------------------------------------------

    @api.model
    def _crm_facts(self):
        """:return: {field of the partner: field of ``crm.customer.stat``}; extend with those you add"""
        return FACTS

    @api.depends_context("company")
    @api.depends("commercial_partner_id")
    def _compute_crm_facts(self):
        stats = self._crm_get_stats()
        none = self.env["crm.customer.stat"]
        for partner in self:
            stat = stats.get(partner.commercial_partner_id, none)
            partner.crm_currency_id = self.env.company.currency_id
            for fname, fact in self._crm_facts().items():
                partner[fname] = stat[fact]

    @api.depends_context("company")
    @api.depends("commercial_partner_id")
    def _compute_crm_products(self):
        Fact = self.env["crm.customer.product"]
        customers = Domain("partner_id", "in", self.commercial_partner_id.ids) & self._crm_here_domain()
        found = {
            fname: dict(Fact._read_group(customers & condition, ["partner_id"], ["product_id:recordset"]))
            for fname, condition in (
                ("crm_bought_product_ids", Domain.TRUE),
                ("crm_due_product_ids", self._crm_due_domain()),
            )
        }
        for partner in self:
            for fname, products in found.items():
                partner[fname] = products.get(partner.commercial_partner_id, False)

    @api.depends_context("company")
    @api.depends("commercial_partner_id")
    def _compute_crm_product_facts(self):
        facts = self.env["crm.customer.product"].search(
            self._crm_here_domain() & Domain("partner_id", "in", self.commercial_partner_id.ids)
        )
        by_customer = facts.grouped("partner_id")
        for partner in self:
            partner.crm_product_fact_ids = by_customer.get(partner.commercial_partner_id, False)

    @api.depends_context("company")
    @api.depends("commercial_partner_id")
    def _compute_crm_last_contacts(self):
        # sudo: when, not what; the customers are those the user reads
        rows = (
            self.env["crm.interaction"]
            .sudo()
            ._read_group(
                self._crm_contacts_domain()
                & Domain("commercial_partner_id", "in", self.commercial_partner_id.ids),
                ["commercial_partner_id", "channel"],
                ["date:max"],
            )
        )
        dates = {(customer.id, channel): date for customer, channel, date in rows}
        for partner in self:
            customer = partner.commercial_partner_id.id
            for fname, channels in LAST_CONTACTS.items():
                known = [dates[customer, channel] for channel in channels if (customer, channel) in dates]
                partner[fname] = max(known, default=False)

    # ------------------------------------------------------------------
    # Conditions
    # ------------------------------------------------------------------

    @api.model
    def _crm_here_domain(self):
        return Domain("company_id", "=", self.env.company.id)

    @api.model
    def _crm_due_domain(self):
        return Domain("day_count", ">", 1) & Domain("next_due_date", "<=", self.env.company._crm_today())

    @api.model
    def _crm_search_fact(self, fact, operator, value, model_name="crm.customer.stat"):
        """Customers by a fact; who has no facts counts as having 0, or nothing.

        :param str fact: field of the model
        :param str model_name: facts with one row per ``company_id`` and ``partner_id``
        """
        if operator.startswith("not ") or operator == "!=":
            return NotImplemented
        Stat = self.env[model_name]
        condition = Domain(fact, operator, value)
        if not self._crm_is_met_by_none(Stat._fields[fact], operator, value):
            return self._crm_owners_domain("in", Stat, "partner_id", self._crm_here_domain() & condition)
        return self._crm_owners_domain("not in", Stat, "partner_id", self._crm_here_domain() & ~condition)

    @api.model
    def _crm_is_met_by_none(self, field, operator, value):
        """Whether a customer without facts meets the condition."""
        if operator == "in":
            return False in value  # 0 as well
        if field.type not in ("integer", "float", "monetary") or not isinstance(value, int | float):
            return False
        return {"<": value > 0, "<=": value >= 0, ">": value < 0, ">=": value <= 0}.get(operator, False)

    @api.model
    def _crm_search_products(self, condition, operator, value, fname="product_id"):
        """Customers who bought a product.

        :param Domain condition: on ``crm.customer.product``
        :param str fname: what operator and value are about: its product, or the fact itself (``id``)
        """
        if operator.startswith("not ") or operator == "!=":
            return NotImplemented
        Fact = self.env["crm.customer.product"]
        bought = self._crm_here_domain() & condition
        if operator == "in" and not isinstance(value, SQL) and False in value:
            none = self._crm_owners_domain("not in", Fact, "partner_id", bought)
            rest = [id_ for id_ in value if id_]
            return none | self._crm_search_products(condition, "in", rest, fname) if rest else none
        return self._crm_owners_domain("in", Fact, "partner_id", bought & Domain(fname, operator, value))

    @api.model
    def _crm_contacts_domain(self):
        """Rows of the timeline that tell of a contact, of the documents the user has a right to at all."""
        Interaction = self.env["crm.interaction"]
        sources = [name for name in Interaction._get_sources() if self.env[name].has_access("read")]
        return (
            Domain("date", "<=", fields.Datetime.now())
            & Domain("company_id", "in", [False, *self.env.companies.ids])
            & Domain("res_model", "in", sources)
            & Domain("channel", "in", LAST_CONTACTS["crm_last_contact_date"])
        )

    @api.model
    def _crm_search_last_contact(self, channels, operator, value):
        """Customers by their last contact; "before a day" includes those never contacted."""
        if operator.startswith("not ") or operator == "!=":
            return NotImplemented
        # sudo: when, not what; which customers are found is decided by the reader's rights on partners
        Interaction = self.env["crm.interaction"].sudo()
        contacts = self._crm_contacts_domain() & Domain("channel", "in", channels)
        if operator == "in" and set(value) == {False}:
            return self._crm_owners_domain("not in", Interaction, "commercial_partner_id", contacts)
        if operator in OPPOSITE:
            since = contacts & Domain("date", OPPOSITE[operator], value)
            return self._crm_owners_domain("not in", Interaction, "commercial_partner_id", since)
        if operator in OPPOSITE.values():
            since = contacts & Domain("date", operator, value)
            return self._crm_owners_domain("in", Interaction, "commercial_partner_id", since)
        raise UserError(self.env._("The last contact can be compared with a day: before or since."))

    @api.model
    def _crm_owners_domain(self, operator, model, fname, domain):
        """Partners whose commercial entity is, or is not, named by the records found.

        :param str fname: the field of the model that names it
        """
        query = model._search(domain)
        return Domain("commercial_partner_id", operator, query.subselect(SQL.identifier(model._table, fname)))

    @api.model
    def _crm_reachable_domain(self):
        """Customers whose business the user may see: all of them, or his own and those of his teams.

        :rtype: Domain
        """
        if self.env.su or self.env.user.has_group("crm_core.group_crm_core_all"):
            return Domain.TRUE
        # sudo: who is in a team with whom, no other content
        colleagues = (
            self.env["res.users"]
            .sudo()
            .with_context(active_test=False)
            .search(
                Domain("id", "=", self.env.uid)
                | Domain("crm_team_member_ids.crm_team_id.crm_team_member_ids.user_id", "=", self.env.uid)
                | Domain("crm_team_member_ids.crm_team_id.user_id", "=", self.env.uid)
            )
        )
        return Domain("commercial_partner_id.user_id", "in", [False, *colleagues.ids])
