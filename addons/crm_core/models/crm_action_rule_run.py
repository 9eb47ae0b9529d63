import logging
from collections import Counter
from datetime import timedelta

from psycopg2.errors import SerializationFailure

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import SQL
from odoo.tools.misc import formatLang

from ..lib.formula import Formula

_logger = logging.getLogger(__name__)

# Customers whose facts are read at once, and proposals written at once.
FACTS_BATCH = 5000
CREATE_BATCH = 500


class CrmActionRule(models.Model):
    """How the rules run: find, score, choose, propose; each rule alone, without doubles."""

    _inherit = "crm.action.rule"

    @api.model
    def _cron_run(self):
        """Run every rule; one that fails says so on itself and stops no other."""
        rules = self.search([("company_id.active", "=", True)])
        cron = self.env["ir.cron"]
        cron._commit_progress(remaining=len(rules))
        for rule in rules:
            self.env["crm.customer.dirty"]._try_again(rule._run_safely)
            if not cron._commit_progress(1):
                break

    def _run_safely(self):
        if not self.exists() or not self.try_lock_for_update(allow_referencing=True):
            return  # deleted, or somebody runs it by hand
        try:
            with self.env.cr.savepoint():
                self._run()
        except SerializationFailure:
            raise
        except Exception as error:
            # One rule must not stop the others, whatever is wrong with it.
            _logger.warning("Action rule %s could not be run", self.id, exc_info=True)
            known = isinstance(error, UserError)
            self.write(
                {
                    "last_run_at": fields.Datetime.now(),
                    "last_error": str(error)
                    if known
                    else self.env._("Unexpected error: %s", type(error).__name__),
                }
            )

    def _run(self):
        """Propose the acts of this rule.

        :return: number of proposals made, those of the control group left out
        :rtype: int
        :raise UserError: the rule runs already, or can't be read
        """
        self.ensure_one()
        if not self.try_lock_for_update(allow_referencing=True):
            raise UserError(self.env._("“%s” is running already.", self.name))
        self.env["crm.customer.dirty"].sudo()._fold(limit=2000)  # sudo: queue that no role may write
        self.env.flush_all()
        ranked = self._rank(self._leave_out_objectors(self._find_customers()))
        proposed = self._propose(ranked)
        # sudo: figures of the run, whoever may start it
        self.sudo().write({"last_run_at": fields.Datetime.now(), "last_count": proposed, "last_error": False})
        return proposed

    # ------------------------------------------------------------------
    # Who, and in which order
    # ------------------------------------------------------------------

    def _find_customers(self):
        """Ids of the customers the rule is about and who are free for a proposal.

        :rtype: list[int]
        """
        here = self._reader()
        partners = here.env["res.partner"]._search(self._get_condition())
        members = SQL("TRUE")
        if group := self.target_group_id:
            members = SQL(
                """
                id IN (SELECT commercial_partner_id FROM crm_target_group_member
                        WHERE group_id = %s AND NOT COALESCE(is_control, FALSE))
                """,
                group.id,
            )
        rows = self.env.execute_query(
            SQL(
                "SELECT id FROM res_partner WHERE id IN (%s) AND %s AND id NOT IN (%s) ORDER BY id",
                partners.select(),
                members,
                self._get_busy_customers_sql(),
            )
        )
        return [id_ for (id_,) in rows]

    def _leave_out_objectors(self, customer_ids):
        """A rule that uses a profile is not about customers who want none made.

        :rtype: list[int]
        """
        if not self.is_profiling:
            return customer_ids
        # sudo: the answer is the same for everybody
        customers = self.env["res.partner"].sudo().with_company(self.company_id).browse(customer_ids)
        return customers._crm_may_profile().ids

    def _get_busy_customers_sql(self):
        """Customers with an open proposal of this rule, one not long ago, or enough of them."""
        since = fields.Datetime.now() - timedelta(days=self.cool_down_days)
        return SQL(
            """
            SELECT partner_id FROM crm_next_action
             WHERE rule_id = %(rule)s
               AND (state IN ('proposed', 'later') OR (%(days)s > 0 AND create_date > %(since)s))
             UNION
            SELECT partner_id FROM crm_next_action
             WHERE company_id = %(company)s AND state IN ('proposed', 'later')
             GROUP BY partner_id
            HAVING count(*) >= %(cap)s
            """,
            rule=self.id,
            days=self.cool_down_days,
            since=since,
            company=self.company_id.id,
            cap=self.company_id.crm_action_customer_cap,
        )

    def _rank(self, customer_ids):
        """Those with a score above 0, the highest first.

        :return: [(score, customer id)]
        """
        numbers, _texts = self.env["crm.action.fact"]._get_labels()
        formula = Formula(self.score_formula, numbers)
        ranked = []
        for start in range(0, len(customer_ids), FACTS_BATCH):
            batch = customer_ids[start : start + FACTS_BATCH]
            facts = self.env["crm.action.fact"]._collect(batch, self.company_id, formula.used)
            scores = ((formula.evaluate(facts[id_]), id_) for id_ in batch)
            ranked += [(score, id_) for score, id_ in scores if score > 0]
        ranked.sort(key=lambda row: (-row[0], row[1]))
        return ranked

    # ------------------------------------------------------------------
    # Proposing
    # ------------------------------------------------------------------

    def _propose(self, ranked):
        """Write the proposals, best first, until each employee's day is full.

        :return: number of proposals, those of the control group left out
        """
        room = self._get_room()
        control = self._get_control_ids([id_ for _score, id_ in ranked])
        proposed = 0
        for start in range(0, len(ranked), CREATE_BATCH):
            batch = ranked[start : start + CREATE_BATCH]
            chosen = self._choose(batch, room, control)
            actions = self.env["crm.next.action"].sudo().create(chosen)  # sudo: rules propose, nobody else
            proposed += len(actions.filtered(lambda action: not action.is_control))
            if self.is_automatic:
                actions.filtered(lambda action: not action.is_control)._run_automatically()
        return proposed

    def _choose(self, batch, room, control):
        """Values of the proposals for a batch of customers."""
        scores = {id_: score for score, id_ in batch}
        contacts = self._get_contacts(list(scores))
        allowed = self._get_allowed(contacts)
        if self.is_profiling:
            welcome = set(self._leave_out_objectors(list(set(contacts.values()))))
            allowed = {id_: may and id_ in welcome for id_, may in allowed.items()}
        names = self._get_reason_names()
        facts = self.env["crm.action.fact"]._collect(list(scores), self.company_id, names)
        owners = self._get_owners(list(scores))
        values_list = []
        for customer_id, score in scores.items():
            owner = owners[customer_id]
            if not allowed[contacts[customer_id]] or (self.team_id and not owner):
                continue
            is_control = customer_id in control
            if not is_control and not room.take(owner):
                continue
            values_list.append(
                {
                    "rule_id": self.id,
                    "company_id": self.company_id.id,
                    "partner_id": customer_id,
                    "contact_id": contacts[customer_id],
                    "user_id": owner,
                    "score": score,
                    "reason": self._write_reason(facts[customer_id], names),
                    "is_control": is_control,
                    "state": "control" if is_control else "proposed",
                    "valid_until": self.company_id._crm_today() + timedelta(days=self.validity_days),
                }
            )
        return values_list

    def _get_contacts(self, customer_ids):
        """The person to address at each customer: who ordered last, else the customer itself.

        :return: {customer id: contact id}
        """
        contacts = {id_: id_ for id_ in customer_ids}
        contacts.update(
            self.env.execute_query(
                SQL(
                    """
                    SELECT DISTINCT ON (p.commercial_partner_id) p.commercial_partner_id, p.id
                      FROM sale_order o
                      JOIN res_partner p ON p.id = o.partner_id
                     WHERE p.commercial_partner_id = ANY(%s)
                       AND p.active
                       AND o.company_id = %s
                       AND o.state IN ('sent', 'sale')
                     ORDER BY p.commercial_partner_id, o.date_order DESC
                    """,
                    customer_ids,
                    self.company_id.id,
                )
            )
        )
        return contacts

    def _get_allowed(self, contacts):
        """:return: {contact id: whether he may be contacted for the purpose of the rule}"""
        if not self.channel:
            return dict.fromkeys(contacts.values(), True)
        persons = self.env["res.partner"].with_company(self.company_id).browse(set(contacts.values()))
        # sudo: the answer is the same for everybody
        answers = persons.sudo()._crm_may_contact_batch(self.channel, self.purpose_id)
        return {id_: allowed for id_, (allowed, _reason) in answers.items()}

    def _get_owners(self, customer_ids):
        """Who is to do it: the salesperson, for customers without one the leader of the rule's team; or
        always the leader. Extend with the kinds you add to ``owner_kind``.

        :return: {customer id: user id or False}; False: whoever looks
        """
        if self.owner_kind == "leader":
            return dict.fromkeys(customer_ids, self.team_id.user_id.id)
        members = self.team_id.member_ids.ids if self.team_id else None
        rows = self.env.execute_query(
            SQL(
                """
                SELECT p.id, u.id
                  FROM res_partner p
                  LEFT JOIN res_users u ON u.id = p.user_id AND u.active
                 WHERE p.id = ANY(%s)
                """,
                customer_ids,
            )
        )
        owners = {}
        for customer_id, user_id in rows:
            if members is not None and user_id and user_id not in members:
                owners[customer_id] = False
            else:
                owners[customer_id] = user_id or self.team_id.user_id.id
        return owners

    def _get_control_ids(self, customer_ids):
        """Customers who are left alone: drawn by the rule's seed, so that it stays the same ones."""
        if not self.control_share:
            return frozenset()
        drawn = self.env["crm.target.group"]._get_draw_sql(self.control_seed, SQL("id"), self.control_share)
        rows = self.env.execute_query(
            SQL("SELECT id FROM unnest(%s::int[]) AS customer (id) WHERE %s", customer_ids, drawn)
        )
        return frozenset(id_ for (id_,) in rows)

    def _get_room(self):
        """How many proposals each employee's day still holds; what is done without asking takes no room."""
        begin = self.company_id._crm_start_of_today()
        Action = self.env["crm.next.action"].sudo()  # sudo: counts of every employee
        today = Domain("company_id", "=", self.company_id.id) & Domain("is_control", "=", False)
        held = today & (Domain("create_date", ">=", begin) | Domain("state", "=", "proposed"))
        held &= Domain("rule_id.is_automatic", "=", False)
        taken = {user.id: n for user, n in Action._read_group(held, ["user_id"], ["__count"])}
        by_rule = today & Domain("rule_id", "=", self.id) & Domain("create_date", ">=", begin)
        of_rule = {user.id: n for user, n in Action._read_group(by_rule, ["user_id"], ["__count"])}
        if self.is_automatic:
            return Room(None, self.daily_limit or None, {}, of_rule)
        return Room(self.company_id.crm_action_user_cap, self.daily_limit or None, taken, of_rule)

    def _write_reason(self, facts, names):
        """The reason with the facts of one customer.

        :param names: the facts it speaks of, read once for all customers
        """
        shown = {name: self._show_fact(name, facts.get(name)) for name in names}
        return (self.reason or "").format(**shown)

    def _show_fact(self, name, value):
        if isinstance(value, str):
            return value
        if name in self._get_money_facts():
            return formatLang(self.env, value or 0.0, currency_obj=self.company_id.currency_id)
        if name in ("on_time", "returned"):
            return f"{round(100 * (value or 0))} %"
        return f"{value or 0:.1f}" if name == "lateness" else f"{round(value or 0)}"

    @api.model
    def _get_money_facts(self):
        """Names of the facts that are amounts of the company's currency; extend with those you add."""
        return {
            *("turnover", "turnover_before", "average_order", "quotation_amount", "opportunity_amount"),
            *("receivable", "overdue"),
        }


class Room:
    """How much of a day is left, by employee; None: no limit."""

    def __init__(self, limit, rule_limit, taken, taken_by_rule):
        self.limit = limit
        self.rule_limit = rule_limit
        self.taken = Counter(taken)
        self.taken_by_rule = Counter(taken_by_rule)

    def take(self, user_id):
        """Whether one more fits; it is taken."""
        user_id = user_id or False
        if self.limit is not None and self.taken[user_id] >= self.limit:
            return False
        if self.rule_limit is not None and self.taken_by_rule[user_id] >= self.rule_limit:
            return False
        self.taken[user_id] += 1
        self.taken_by_rule[user_id] += 1
        return True
