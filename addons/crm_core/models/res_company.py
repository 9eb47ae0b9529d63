from datetime import datetime, time

import pytz

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.fields import Domain
from odoo.tools import SQL, ormcache

from odoo.addons.base.models.res_partner import _tz_get

# Stored facts depend on these: a change asks for a rebuild.
FACT_SETTINGS = {
    "crm_timezone",
    "crm_late_factor",
    "crm_lost_factor",
    "crm_default_interval",
    "crm_late_min_days",
    "crm_lost_min_days",
    "crm_new_days",
    "crm_repeat_decay",
    "crm_interval_prior",
}
# The zone of a company depends on these, and on that of its working hours and of its contact.
TIMEZONE_FIELDS = {"crm_timezone", "resource_calendar_id", "partner_id"}


class ResCompany(models.Model):
    _inherit = "res.company"

    # Days
    crm_timezone = fields.Selection(
        _tz_get,
        string="Time Zone of the Company",
        help="Days of orders and deliveries are days in this zone. Empty: the zone of the working hours.",
        prefetch="crm_core",
    )

    # Next actions
    crm_action_user_cap = fields.Integer(
        "Proposals per Employee and Day",
        default=15,
        help="What fits a day: the best come first.",
        prefetch="crm_core",
    )
    crm_action_customer_cap = fields.Integer(
        "Open Proposals per Customer",
        default=2,
        help="At most so many acts are proposed at once.",
        prefetch="crm_core",
    )

    # Lifecycle
    crm_late_factor = fields.Float(
        "Late After",
        default=1.5,
        help="A customer is late when this many of his own intervals have passed without an order.",
        prefetch="crm_core",
    )
    crm_lost_factor = fields.Float(
        "Lost After",
        default=4.0,
        help="A customer is lost when this many of his own intervals have passed without an order.",
        prefetch="crm_core",
    )
    crm_default_interval = fields.Integer(
        "Interval Assumed",
        default=60,
        help="Days between orders assumed for a customer with fewer than three days of ordering.",
        prefetch="crm_core",
    )
    crm_late_min_days = fields.Integer(
        "Late Not Before",
        default=14,
        help="Days without an order before which nobody is late.",
        prefetch="crm_core",
    )
    crm_lost_min_days = fields.Integer(
        "Lost Not Before",
        default=120,
        help="Days without an order before which nobody is lost.",
        prefetch="crm_core",
    )
    crm_new_days = fields.Integer(
        "New For",
        default=90,
        help="Days after the first order during which a customer is new.",
        prefetch="crm_core",
    )
    crm_top_share = fields.Float(
        "Top Customers",
        default=20.0,
        help="Percentage of the customers with turnover in the last 12 months who count as top customers.",
        prefetch="crm_core",
    )

    # Offers
    crm_repeat_decay = fields.Float(
        "Memory",
        default=0.95,
        help="Weight of a purchase against the same one an order later; 1 never forgets.",
        prefetch="crm_core",
    )
    crm_interval_prior = fields.Float(
        "Trust in the Product's Rhythm",
        default=2.0,
        help="How many of the customer's own intervals the usual interval of the product is worth.",
        prefetch="crm_core",
    )
    crm_weight_repeat = fields.Float(
        "Weight of Repeat Purchases",
        default=1.0,
        help="How much it counts that the customer buys the product regularly.",
        prefetch="crm_core",
    )
    crm_weight_popular = fields.Float(
        "Weight of Popularity",
        default=0.3,
        help="How much it counts that many others buy the product.",
        prefetch="crm_core",
    )
    crm_weight_due = fields.Float(
        "Weight of Due Replenishment",
        default=0.8,
        help="How much it counts that the customer should be running out of the product.",
        prefetch="crm_core",
    )
    crm_weight_together = fields.Float(
        "Weight of Bought Together",
        default=0.25,
        help="How much it counts that the product goes with what the customer buys.",
        prefetch="crm_core",
    )
    crm_pair_min_orders = fields.Integer(
        "Orders Behind a Pair",
        default=5,
        help="Two products count as bought together when at least this many orders hold both.",
        prefetch="crm_core",
    )
    crm_history_months = fields.Integer(
        "Months Looked At",
        default=24,
        help="Age of orders that popularity and pairs are learned from.",
        prefetch="crm_core",
    )
    crm_offer_lines = fields.Integer(
        "Lines per Offer",
        default=5,
        help="Products in an offer that is made without being asked how many.",
        prefetch="crm_core",
    )
    crm_offer_validity_days = fields.Integer(
        "Offer Valid For",
        default=14,
        help="Days after which an offer expires that nobody answered.",
        prefetch="crm_core",
    )
    crm_offer_declined_days = fields.Integer(
        "Silence After a No",
        default=60,
        help="Days during which a product that the customer declined is not offered again.",
        prefetch="crm_core",
    )
    crm_offer_stock_policy = fields.Selection(
        [("any", "Offer everything, show the stock"), ("available", "Only what is in stock")],
        string="Stock of Offered Products",
        default="any",
        required=True,
        help="Whether products without stock may be offered.",
        prefetch="crm_core",
    )

    @api.constrains("crm_action_user_cap", "crm_action_customer_cap")
    def _check_crm_action_caps(self):
        for company in self:
            if not 1 <= company.crm_action_user_cap <= 200:
                raise ValidationError(
                    self.env._("%s: an employee gets 1 to 200 proposals a day.", company.name)
                )
            if not 1 <= company.crm_action_customer_cap <= 20:
                raise ValidationError(
                    self.env._("%s: 1 to 20 proposals can be open for a customer.", company.name)
                )

    @api.constrains(
        "crm_late_factor",
        "crm_lost_factor",
        "crm_default_interval",
        "crm_late_min_days",
        "crm_lost_min_days",
        "crm_new_days",
    )
    def _check_crm_lifecycle(self):
        for company in self:
            if not 1 <= company.crm_late_factor < company.crm_lost_factor:
                raise ValidationError(
                    self.env._(
                        "%(company)s: a customer must be lost later than he is late, and late after at"
                        " least one of his own intervals.",
                        company=company.name,
                    )
                )
            if not 0 < company.crm_default_interval <= 3650:
                raise ValidationError(self.env._("The interval assumed must lie between 1 and 3650 days."))
            if not 0 <= company.crm_late_min_days < company.crm_lost_min_days:
                raise ValidationError(
                    self.env._("“Lost not before” must be more days than “late not before”.")
                )
            if company.crm_new_days < 0:
                raise ValidationError(self.env._("A customer can't be new for less than 0 days."))

    @api.constrains(
        "crm_repeat_decay",
        "crm_interval_prior",
        "crm_weight_repeat",
        "crm_weight_popular",
        "crm_weight_due",
        "crm_weight_together",
        "crm_pair_min_orders",
        "crm_history_months",
        "crm_offer_lines",
        "crm_offer_validity_days",
        "crm_offer_declined_days",
        "crm_top_share",
    )
    def _check_crm_offer_settings(self):
        for company in self:
            if not 0 < company.crm_repeat_decay <= 1:
                raise ValidationError(self.env._("Memory must be above 0 and at most 1."))
            if not 0 < company.crm_top_share <= 100:
                raise ValidationError(
                    self.env._("The share of top customers must be above 0 and at most 100 %.")
                )
            weights = (
                company.crm_weight_repeat,
                company.crm_weight_popular,
                company.crm_weight_due,
                company.crm_weight_together,
            )
            if min(*weights, company.crm_interval_prior) < 0 or not any(weights):
                raise ValidationError(
                    self.env._("Weights can't be negative, and one of them must be above 0.")
                )
            if not (1 <= company.crm_offer_lines <= 50 and 1 <= company.crm_history_months <= 120):
                raise ValidationError(
                    self.env._("An offer has 1 to 50 lines, and 1 to 120 months can be looked at.")
                )
            if company.crm_pair_min_orders < 1 or company.crm_offer_validity_days < 1:
                raise ValidationError(
                    self.env._("A pair needs at least one order, and an offer is valid for a day or more.")
                )
            if company.crm_offer_declined_days < 0:
                raise ValidationError(self.env._("Days of silence can't be negative."))

    def write(self, vals):
        before = {company: company._crm_fact_settings() for company in self}
        result = super().write(vals)
        if TIMEZONE_FIELDS & vals.keys():
            self.env.registry.clear_cache()
        if FACT_SETTINGS & vals.keys():
            changed = self.filtered(lambda company: company._crm_fact_settings() != before[company])
            changed._crm_rebuild_facts()
        return result

    def _crm_fact_settings(self):
        return {fname: self[fname] for fname in FACT_SETTINGS}

    def _crm_rebuild_facts(self):
        for company in self:
            self.env["crm.customer.rebuild"].sudo()._request(company)  # sudo: whoever may set, may cause

    @api.model
    def _crm_all(self):
        """Every company the environment sees, for what is kept company by company."""
        return self.search(Domain.TRUE)

    def _crm_timezone(self):
        """Name of the time zone whose days the facts of this company are counted in."""
        self.ensure_one()
        return self.crm_timezone or self.resource_calendar_id.tz or self.partner_id.tz or "UTC"

    @api.model
    def _crm_end_of_day_sql(self, company_id, day):
        """The last second of a day in the zone of a company, as an instant in UTC.

        :param SQL company_id: expression
        :param SQL day: expression of type date
        :rtype: SQL
        """
        return SQL(
            "((%s + TIME '23:59:59') AT TIME ZONE %s) AT TIME ZONE 'UTC'",
            day,
            self._crm_timezone_sql(company_id),
        )

    @api.model
    def _crm_today_sql(self, company_id):
        """The day it is now in a company.

        :param SQL company_id: expression
        :rtype: SQL
        """
        return SQL("(now() AT TIME ZONE %s)::date", self._crm_timezone_sql(company_id))

    @api.model
    def _crm_timezone_sql(self, company_id):
        zone = SQL(" ").join(
            SQL("WHEN %s = %s THEN %s", company_id, id_, name) for id_, name in self._crm_timezones().items()
        )
        return SQL("(CASE %s ELSE 'UTC' END)", zone)

    @api.model
    @ormcache()
    def _crm_timezones(self):
        """:return: {company id: name of its time zone}, of every company"""
        # sudo: time zones alone
        companies = self.sudo().with_context(active_test=False)._crm_all()
        return {company.id: company._crm_timezone() for company in companies}

    def _crm_end_of_day(self, day):
        """The last second of a day in the company's zone, as an instant in UTC (naive).

        :rtype: datetime.datetime
        """
        zone = pytz.timezone(self._crm_timezone())
        return (
            zone.localize(datetime.combine(day, time(23, 59, 59))).astimezone(pytz.utc).replace(tzinfo=None)
        )

    def _crm_start_of_today(self):
        """The begin of the day it is now in this company, as an instant in UTC (naive).

        :rtype: datetime.datetime
        """
        zone = pytz.timezone(self._crm_timezone())
        begin = zone.localize(datetime.combine(self._crm_today(), time.min))
        return begin.astimezone(pytz.utc).replace(tzinfo=None)

    def _crm_today(self, at=None):
        """The day it is now, or was at a moment in UTC, in this company.

        :rtype: datetime.date
        """
        moment = pytz.utc.localize(at or fields.Datetime.now())
        return moment.astimezone(pytz.timezone(self._crm_timezone())).date()
