from dataclasses import dataclass, field
from datetime import date

from odoo import api, models
from odoo.exceptions import UserError
from odoo.fields import Domain

from .crm_analytics_fact import MOVED_DAYS

PERIODS = (3, 6, 12, 24, 36)  # months
ALL_CUSTOMERS = "crm_core.group_crm_core_all"


@dataclass(frozen=True)
class Scope:
    """Which customers are looked at, of which company, and over which time.

    ``is_whole``: all customers of the company, so that what was summed up at night serves.
    ``partner``: list of conditions on the customer, paths from the partner.
    """

    company: object
    as_of: date
    months: int
    moved_days: int
    is_whole: bool
    partner: list = field(default_factory=list)
    chosen: dict = field(default_factory=dict)

    def of(self, path):
        """Domain on a model that has the company and, at ``path``, the customer."""
        return [
            ("company_id", "=", self.company.id),
            *((f"{path}.{name}", operator, value) for name, operator, value in self.partner),
        ]


class CrmAnalyticsScope(models.AbstractModel):
    """What the filters of the screens of analytics mean: a part of the customers of one company."""

    _name = "crm.analytics.scope"
    _description = "Customers Looked At"

    @api.model
    def _get_scope(self, filters=None):
        """Read filters as the screen sends them; those it may not use are refused.

        :param dict filters: ``company_id``, ``team_id``, ``user_id``, ``country_id``, ``categ_id``: ids;
            ``months``: one of :data:`PERIODS`; ``moved_days``: one of :data:`MOVED_DAYS`
        :rtype: Scope
        :raise AccessError: no right to scores
        :raise UserError: a filter that does not exist
        """
        Score = self.env["crm.analytics.customer"]
        Score.check_access("read")
        filters = dict(filters or {})
        company = self._get_company(filters.pop("company_id", False))
        months, moved_days = filters.pop("months", 12), filters.pop("moved_days", 30)
        if months not in PERIODS or moved_days not in MOVED_DAYS:
            raise UserError(self.env._("There is no such period to look at."))
        chosen = {name: value for name, value in filters.items() if value}
        partner = self._get_partner_conditions(company, chosen)
        return Scope(
            company=company,
            as_of=self._get_as_of(company),
            months=months,
            moved_days=moved_days,
            is_whole=not partner and self._sees_all(),
            partner=partner,
            chosen=chosen,
        )

    @api.model
    def _sees_all(self):
        return self.env.su or self.env.user.has_group(ALL_CUSTOMERS)

    @api.model
    def _get_company(self, company_id):
        company = self.env["res.company"].browse(company_id) if company_id else self.env.company
        if company not in self.env.companies:
            raise UserError(self.env._("Switch this company on to look at its customers."))
        return company

    @api.model
    def _get_as_of(self, company):
        """The day of the last scoring; today where nothing was scored yet."""
        last = self.env["crm.analytics.model"].search([("company_id", "=", company.id)], limit=1)
        score = last and self.env["crm.analytics.customer"].search(
            [("company_id", "=", company.id)], limit=1, order="id"
        )
        return (score and score.as_of) or (last and last.as_of) or company._crm_today()

    @api.model
    def _get_partner_conditions(self, company, chosen):
        """Conditions on the partner for each filter in use; extend for further ones.

        :param company: whose customers are looked at, :param dict chosen: {name of the filter: id}
        :return: list of conditions
        """
        makers = {
            "team_id": self._get_team_conditions,
            "user_id": lambda id_: [("user_id", "=", id_)],
            "country_id": lambda id_: [("country_id", "=", id_)],
            "categ_id": lambda id_: [
                (
                    "crm_analytics_product_ids",
                    "any",
                    [("company_id", "=", company.id), ("product_id.categ_id", "child_of", id_)],
                )
            ],
        }
        if unknown := chosen.keys() - makers.keys():
            raise UserError(self.env._("There is no such filter: %s.", ", ".join(sorted(unknown))))
        if not all(isinstance(id_, int) for id_ in chosen.values()):
            raise UserError(self.env._("A filter takes one record."))
        return [condition for name, id_ in chosen.items() for condition in makers[name](id_)]

    @api.model
    def _get_team_conditions(self, team_id):
        """Customers whose salesperson is in the team."""
        team = self.env["crm.team"].browse(team_id).exists()
        # sudo: who is in a team, no other content
        return [("user_id", "in", team.sudo().crm_team_member_ids.user_id.ids)]

    # ------------------------------------------------------------------
    # The rows behind it
    # ------------------------------------------------------------------

    @api.model
    def _get_scope_events(self, scope):
        """SELECT of the days of purchase the user may see in a scope, for ``crm.analytics.fact``."""
        Event = self.env["crm.analytics.event"]
        query = Event._search(Domain(scope.of("partner_id")) & Domain("day", "<=", scope.as_of))
        columns = ("partner_id", "day", "revenue", "refunded", "is_purchase")
        return query.select(*(Event._field_to_sql(Event._table, name, query) for name in columns))

    @api.model
    def _get_scope_scores(self, scope):
        """SELECT of the scores the user may see in a scope, for ``crm.analytics.fact``."""
        Score = self.env["crm.analytics.customer"]
        query = Score._search(Domain(scope.of("partner_id")))
        columns = (
            *("recency", "frequency", "segment_id", "abc_class", "risk", "purchase_days", "mean_gap"),
            *("revenue_12m", "expected_revenue", "money_at_stake", "lifetime_value"),
        )
        return query.select(*(Score._field_to_sql(Score._table, name, query) for name in columns))

    @api.model
    def _get_scope_history(self, scope):
        """SELECT of the segments over time the user may see in a scope, for ``crm.analytics.fact``."""
        History = self.env["crm.analytics.segment.history"]
        query = History._search(Domain(scope.of("partner_id")))
        columns = ("partner_id", "segment_id", "date_from", "date_to")
        return query.select(*(History._field_to_sql(History._table, name, query) for name in columns))

    @api.model
    def _get_basis(self, scope):
        """What the figures are based on, in words."""
        if scope.is_whole:
            return self.env._("All customers of %s, as summed up at night.", scope.company.name)
        parts = [
            text
            for name, text in (
                ("team_id", self.env._("whose salesperson is in the team")),
                ("user_id", self.env._("of the salesperson")),
                ("country_id", self.env._("in the country")),
                ("categ_id", self.env._("who ever bought of the category, with all they bought")),
            )
            if name in scope.chosen
        ]
        if not self._sees_all():
            parts.insert(0, self.env._("you or your teams look after"))
        return self.env._(
            "Summed up just now of the customers of %(company)s %(which)s.",
            company=scope.company.name,
            which=", ".join(parts),
        )
