from dataclasses import dataclass
from functools import cached_property

from odoo import api, models
from odoo.tools import SQL, ormcache

from .kept import may_keep

# What a policy may ask for, as ids.
CRITERIA = ("team_ids", "type_ids", "tag_ids", "partner_ids", "product_ids")


class HelpdeskSla(models.Model):
    """Policies as the engine works with them."""

    _name = "helpdesk.sla"
    _inherit = ["helpdesk.sla", "helpdesk.kept"]

    @api.model
    def _get_terms(self, teams, others=()):
        """What policies promise to whom: those in force for the teams, and others that are asked for.

        :param teams: ``helpdesk.team``
        :param others: ids of policies, whether in force or not
        :rtype: dict[int, Terms]
        """
        in_force = self._get_terms_in_force(tuple(sorted(teams.company_id.ids)))
        own, others = set(teams.ids), set(others)
        found = {
            terms.id: terms
            for terms in in_force
            if not terms.teams or not own.isdisjoint(terms.teams) or terms.id in others
        }
        rest = others - found.keys()
        if rest:
            read = self._read_terms(SQL("policy.id = ANY(%s)", list(rest)))
            found.update((terms.id, terms) for terms in read)
        return found

    @api.model
    def _get_terms_in_force(self, company_ids):
        """Of all teams of the companies; kept until a policy or a stage changes, as every change of every
        ticket asks for them. What a policy asks for can't be deleted meanwhile.

        :param tuple company_ids: sorted
        :rtype: tuple[Terms]
        """
        return (self._keep_terms if may_keep(self.env) else self._read_terms_in_force)(company_ids)

    @api.model
    @ormcache("company_ids")
    def _keep_terms(self, company_ids):
        return self._read_terms_in_force(company_ids)

    @api.model
    def _read_terms_in_force(self, company_ids):
        return self._read_terms(SQL("policy.active AND policy.company_id = ANY(%s)", list(company_ids)))

    @api.model
    def _read_terms(self, condition):
        """:param SQL condition: on ``policy``
        :rtype: tuple[Terms]
        """
        self.flush_model()
        self.env["helpdesk.stage"].flush_model(["sequence"])
        self.env["sale.order.line"].flush_model(["order_id"])
        chosen = [self._get_chosen(name) for name in (*CRITERIA, "excluded_stage_ids")]
        rows = self.env.execute_query(
            SQL(
                """
                SELECT policy.id, policy.active, policy.company_id, policy.metric, policy.stage_id,
                       stage.sequence, policy.target_seconds, policy.calendar_id, policy.warn_percent,
                       policy.for_low, policy.for_medium, policy.for_high, policy.for_urgent,
                       %s, %s
                  FROM helpdesk_sla policy
                  LEFT JOIN helpdesk_stage stage ON stage.id = policy.stage_id
                 WHERE %s
                 ORDER BY policy.sequence, policy.id
                """,
                SQL(
                    "ARRAY(SELECT line.order_id FROM %(relation)s chosen"
                    " JOIN sale_order_line line ON line.id = chosen.%(other)s"
                    " WHERE chosen.%(own)s = policy.id)",
                    **self._get_relation("sale_line_ids"),
                ),
                SQL(", ").join(chosen),
                condition,
            )
        )
        return tuple(Terms.of_row(row) for row in rows)

    @api.model
    def _get_chosen(self, name):
        """:return: SQL of the ids a Many2many of ``policy`` holds"""
        return SQL(
            "ARRAY(SELECT chosen.%(other)s FROM %(relation)s chosen WHERE chosen.%(own)s = policy.id)",
            **self._get_relation(name),
        )

    @api.model
    def _get_relation(self, name):
        field = self._fields[name]
        return {
            "relation": SQL.identifier(field.relation),
            "own": SQL.identifier(field.column1),
            "other": SQL.identifier(field.column2),
        }


@dataclass(frozen=True, slots=True)
class Terms:
    """What a policy promises, and what it asks a ticket for: empty sets ask for nothing.

    ``goal``: (sequence, id) of the stage to reach. ``excluded_stages``: where the time stands still.
    """

    id: int
    is_active: bool
    company_id: int
    metric: str
    goal: tuple
    target_seconds: int
    calendar_id: int | None
    warn_percent: int
    priorities: frozenset
    orders: frozenset
    teams: frozenset
    types: frozenset
    tags: frozenset
    partners: frozenset
    products: frozenset
    excluded_stages: frozenset

    @classmethod
    def of_row(cls, row):
        """:param tuple row: of the query in ``helpdesk.sla._get_terms``"""
        policy_id, active, company_id, metric, stage_id, sequence, target, calendar_id, warn = row[:9]
        priorities = frozenset(str(index) for index, chosen in enumerate(row[9:13]) if chosen)
        return cls(
            policy_id,
            active,
            company_id,
            metric,
            (sequence, stage_id),
            target,
            calendar_id,
            warn or 0,
            priorities,
            *map(frozenset, row[13:]),
        )

    def matches(self, asked, above):
        """Whether the policy holds for a ticket.

        :param Asked asked: what the ticket is about
        :param set above: ids of the ticket's customer and of everybody above him
        """
        return (
            self.is_active
            and asked.company_id == self.company_id
            and (not self.teams or asked.team_id in self.teams)
            and (not self.priorities or asked.priority in self.priorities)
            and (not self.types or asked.type_id in self.types)
            and (not self.tags or not self.tags.isdisjoint(asked.tags))
            and (not self.partners or not self.partners.isdisjoint(above))
            and (not self.products or asked.product_id in self.products)
            and (not self.orders or asked.order_id in self.orders)
        )

    def is_reached_in(self, stage):
        """Whether a ticket in this stage has come to where it should.

        Cancelled is not later than anything. What is solved needs to go nowhere else.

        :param stage: ``helpdesk.stage``
        """
        if self.metric != "stage" or not stage or stage.kind == "cancelled":
            return False
        return stage.kind == "closed" or (stage.sequence, stage.id) >= self.goal


class Asked:
    """What policies ask of a ticket, read once for all of them."""

    def __init__(self, ticket):
        self._ticket = ticket
        self.company_id = ticket.company_id.id
        self.team_id = ticket.team_id.id
        self.priority = ticket.priority
        self.type_id = ticket.type_id.id
        self.product_id = ticket.product_id.id
        self.order_id = ticket.sale_order_id.id

    @cached_property
    def tags(self):
        """Ids of the ticket's tags; read where a policy asks for one."""
        return self._ticket.tag_ids.ids
