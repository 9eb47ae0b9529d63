from functools import partial

from lxml import etree

from odoo.tests import tagged
from odoo.tools import SQL

from odoo.addons.base.tests.common import DISABLED_MAIL_CONTEXT

from .sla_common import SlaCommon, at

# What widgets of the views ask for beside their own field.
WIDGETS = {"helpdesk_sla_countdown": "sla_countdown", "kanban_activity": "activity_state"}
MANY = 40


@tagged("post_install", "-at_install")
class TestSpeed(SlaCommon):
    """Screens and batches ask the database as often for forty tickets as for one."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # As in life: followers, messages and changes are logged.
        cls.env = cls.env(
            context={key: value for key, value in cls.env.context.items() if key not in DISABLED_MAIL_CONTEXT}
        )
        cls.promises = [cls.policy(hours) for hours in (4, 8)] + [cls.policy(2, "first_response")]
        cls.env["helpdesk.sla.change"].search([]).unlink()

    def specification(self, model, kind):
        """What the web client reads for the stock view."""
        Model = self.env[model]
        arch = etree.fromstring(Model.get_views([(False, kind)])["views"][kind]["arch"])
        names = set()
        for node in arch.iter("field"):
            names |= {node.get("name"), WIDGETS.get(node.get("widget"), node.get("name"))}
        return {
            name: {"fields": {"display_name": {}}} if Model._fields[name].relational else {} for name in names
        }

    def values(self, count):
        return [
            {"name": f"Toner {number}", "team_id": self.team.id, "partner_id": self.contact.id}
            for number in range(count)
        ]

    def assertConstant(self, work):  # noqa: N802 - named as unittest does
        """:param work: function without arguments that shows what there is, and tells how much"""
        self.assertEqual(work(), 1)
        of_one = self.queries(work)
        self.env["helpdesk.ticket"].create(self.values(MANY - 1))
        self.assertEqual(work(), MANY)
        self.assertEqual(self.queries(work), of_one)

    def tickets(self, user):
        return self.env["helpdesk.ticket"].with_user(user), [("team_id", "=", self.team.id)]

    def test_list_takes_as_many_queries_for_forty_tickets_as_for_one(self):
        self.ticket()
        specification = self.specification("helpdesk.ticket", "list")
        for user in (self.anna, self.lead):
            with self.subTest(user=user.login):
                Ticket, mine = self.tickets(user)
                mine = [*mine, ("is_closed", "=", False)]
                self.env["helpdesk.ticket"].search(mine)[1:].unlink()
                show = partial(Ticket.web_search_read, mine, specification, limit=80)
                self.assertConstant(lambda show=show: len(show()["records"]))

    def test_filter_of_late_tickets_takes_as_many_queries_for_forty_as_for_one(self):
        with self.moment("03-02 09:00"):
            self.ticket()
        specification = self.specification("helpdesk.ticket", "list")
        Ticket, mine = self.tickets(self.anna)
        late = [*mine, ("sla_deadline", "<", "now")]
        with self.moment("03-20 12:00"):
            count = len(Ticket.web_search_read(late, specification, limit=80)["records"])
            of_one = self.queries(lambda: Ticket.web_search_read(late, specification, limit=80))
        with self.moment("03-02 09:00"):
            self.env["helpdesk.ticket"].create(self.values(MANY - 1))
        with self.moment("03-20 12:00"):
            counts = [count, len(Ticket.web_search_read(late, specification, limit=80)["records"])]
            of_many = self.queries(lambda: Ticket.web_search_read(late, specification, limit=80))
        self.assertEqual(counts, [1, MANY])
        self.assertEqual(of_many, of_one)

    def test_board_takes_as_many_queries_for_forty_cards_as_for_one(self):
        self.ticket()
        specification = self.specification("helpdesk.ticket", "kanban")
        Ticket, mine = self.tickets(self.anna)

        def show():
            found = Ticket.web_read_group(
                mine, ["stage_id"], auto_unfold=True, unfold_read_specification=specification
            )
            return sum(len(group.get("__records", ())) for group in found["groups"])

        self.assertConstant(show)

    def test_dashboard_takes_as_many_queries_for_forty_teams_as_for_one(self):
        self.ticket()
        specification = self.specification("helpdesk.team", "kanban")
        Team = self.env["helpdesk.team"].with_user(self.anna)

        def show():
            return len(Team.web_search_read([("name", "=like", "Printers%")], specification)["records"])

        self.assertEqual(show(), 1)
        of_one = self.queries(show)
        for number in range(1, MANY):
            team = self.make_team(f"Printers {number}", self.anna)
            self.ticket(team_id=team.id)
        self.assertEqual(show(), MANY)
        self.assertEqual(self.queries(show), of_one)

    def test_forty_tickets_are_opened_with_hardly_more_queries_than_one(self):
        Ticket = self.env["helpdesk.ticket"]
        of_one = self.queries(lambda: Ticket.create(self.values(1)))
        of_many = self.queries(lambda: Ticket.create(self.values(MANY)))
        self.assertLess(of_many - of_one, 10)
        # Of a customer and a team, with three promises, logged, and on the customer's timeline.
        self.assertLessEqual(of_one, 20)

    def test_tickets_opened_together_are_numbered_in_order(self):
        numbers = self.env["helpdesk.ticket"].create(self.values(MANY)).mapped("number")
        values = [int(number.lstrip("T")) for number in numbers]
        self.assertEqual(values, list(range(values[0], values[0] + MANY)))

    def test_tickets_of_a_sequence_by_year_are_numbered_one_by_one(self):
        sequence = self.env["ir.sequence"].search(
            [("code", "=", "helpdesk.ticket"), ("company_id", "=", self.company.id)]
        )
        sequence.write({"use_date_range": True, "prefix": "Y%(range_year)s-"})
        numbers = self.env["helpdesk.ticket"].create(self.values(3)).mapped("number")
        self.assertEqual(len(set(numbers)), 3)
        self.assertTrue(all(number.startswith("Y2") for number in numbers), numbers)

    def test_forty_tickets_are_moved_with_hardly_more_queries_than_one(self):
        tickets = self.env["helpdesk.ticket"].create(self.values(MANY))
        stages = iter((self.waiting, self.progress) * 4)

        def move(moved):
            moved.stage_id = next(stages)
            self.env.cr.flush()

        of_one = self.queries(lambda: move(tickets[0]))
        of_many = self.queries(lambda: move(tickets))
        self.assertLessEqual(of_many - of_one, 5)
        self.assertLessEqual(of_one, 16)

    def test_move_of_an_open_ticket_is_no_news_of_its_customer(self):
        """Facts and timeline tell that it is solved or cancelled, not from where to where it moves."""
        ticket = self.ticket()
        self.env.cr.flush()
        dirty, rows = self.env["crm.customer.dirty"], self.env["crm.interaction"]

        def look():
            self.env.cr.flush()
            kinds = rows.search([("res_model", "=", ticket._name), ("res_id", "=", ticket.id)]).mapped("kind")
            told = dirty.search([("partner_id", "=", ticket.commercial_partner_id.id)])
            news = bool(told)
            told.unlink()
            return sorted(kinds), news

        self.assertEqual(look(), (["ticket"], True))
        for stage, expected in (
            (self.progress, (["ticket"], False)),
            (self.waiting, (["ticket"], False)),
            (self.solved, (["ticket", "ticket_closed"], True)),
            (self.cancelled, (["ticket"], True)),
            (self.solved, (["ticket", "ticket_closed"], True)),
            (self.progress, (["ticket"], True)),
            (self.cancelled, (["ticket"], True)),
            (self.waiting, (["ticket"], True)),
        ):
            ticket.stage_id = stage
            self.assertEqual(look(), expected, stage.name)

    def test_moments_come_with_the_stage(self):
        """Of all tickets at once, be some of them closed, or there already."""
        tickets = self.env["helpdesk.ticket"].create(self.values(3))
        with self.moment("03-02 09:00"):
            tickets[0].stage_id = self.solved
            tickets[1].stage_id = self.progress
        first = tickets[0].closed_at
        with self.moment("03-02 10:00"):
            tickets.stage_id = self.solved
        self.assertEqual(tickets[0].closed_at, first)
        self.assertEqual(tickets[0].stage_changed_at, first)
        self.assertEqual(set(tickets[1:].mapped("closed_at")), {at("03-02 10:00")})
        self.assertEqual(set(tickets[1:].mapped("stage_changed_at")), {at("03-02 10:00")})
        with self.moment("03-02 11:00"):
            tickets.stage_id = self.progress
        self.assertFalse(any(tickets.mapped("closed_at")))
        self.assertEqual(set(tickets.mapped("stage_changed_at")), {at("03-02 11:00")})
        with self.moment("03-02 12:00"):
            tickets[0].stage_id = self.cancelled
        with self.moment("03-02 13:00"):
            tickets.stage_id = self.progress
        self.assertFalse(any(tickets.mapped("closed_at")))
        self.assertEqual(tickets[0].stage_changed_at, at("03-02 13:00"))
        self.assertEqual(set(tickets[1:].mapped("stage_changed_at")), {at("03-02 11:00")})

    def test_board_reads_of_people_no_more_than_their_names(self):
        """Customers and employees have a hundred fields; a card shows how they are called."""
        ticket = self.ticket(user_id=self.anna.id)
        company = self.env["res.partner"].create({"name": "Works", "is_company": True})
        ticket.partner_id = self.env["res.partner"].create({"name": "Ida", "parent_id": company.id})
        self.env.cr.flush()
        self.env.invalidate_all()
        Ticket, mine = self.tickets(self.anna)
        names = {name: {"fields": {"display_name": {}}} for name in ("partner_id", "user_id")}
        (row,) = Ticket.web_search_read(mine, {"name": {}, **names})["records"]
        self.assertEqual(row["partner_id"]["display_name"], "Works, Ida")
        self.assertEqual(row["user_id"]["display_name"], self.anna.name)
        self.assertNotIn("barcode", ticket.partner_id._cache)
        self.assertNotIn("comment", ticket.partner_id._cache)

    def test_who_follows_new_tickets_and_moves_is_told(self):
        """Tickets that nobody follows for it are only logged; those that somebody does are posted."""
        followed, other = self.env["helpdesk.ticket"].create(self.values(2))
        self.env.cr.flush()
        subtype = self.env.ref("crm_helpdesk.mt_ticket_stage")
        followed.message_subscribe(self.lead.partner_id.ids, subtype_ids=subtype.ids)
        (followed | other).stage_id = self.progress
        self.env.cr.flush()
        posted, logged = (ticket.message_ids.sorted("id")[-1] for ticket in (followed, other))
        self.assertEqual(posted.subtype_id, subtype)
        self.assertIn(self.lead.partner_id, posted.notified_partner_ids)
        self.assertEqual(logged.subtype_id, self.env.ref("mail.mt_note"))
        for message in (posted, logged):
            values = message.sudo().tracking_value_ids
            self.assertIn("stage_id", values.field_id.mapped("name"))

    def test_opening_is_logged_once(self):
        first, second = self.env["helpdesk.ticket"].create(self.values(2))
        self.env.cr.flush()
        for ticket in (first, second):
            self.assertEqual(len(ticket.message_ids), 1)
            self.assertIn("created", ticket.message_ids.body)

    def test_deadlines_of_forty_tickets_take_as_many_queries_as_of_one(self):
        tickets = self.env["helpdesk.ticket"].create(self.values(MANY))
        engine = self.env["helpdesk.sla.engine"]
        of_one = self.queries(lambda: engine._update(tickets[0]))
        of_many = self.queries(lambda: engine._update(tickets))
        self.assertEqual(of_many, of_one)

    def test_open_tickets_are_found_by_indexes_of_their_own(self):
        """A partial index serves only if its condition is worded as the search's."""
        self.env.flush_all()
        # Of the few rows of a test PostgreSQL would rather read all.
        self.env.cr.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_sort = off")
        is_open = [("is_closed", "=", False)]
        Ticket, Status = self.env["helpdesk.ticket"], self.env["helpdesk.sla.status"]
        for records, domain, index in (
            (Ticket, is_open, "helpdesk_ticket_open_in_order_idx"),
            (
                Status,
                [("is_over", "=", False), ("calendar_id", "=", self.office.id)],
                "sla_status_calendar_idx",
            ),
        ):
            query = records._search(domain, order=records._order if records is Ticket else "calendar_id")
            self.env.cr.execute(SQL("EXPLAIN %s", query.select()))
            plan = "\n".join(line for (line,) in self.env.cr.fetchall())
            self.assertIn(index, plan)
        definitions = self.env.execute_query(
            SQL("SELECT indexdef FROM pg_indexes WHERE indexname LIKE %s", "helpdesk_ticket_open_%")
        )
        self.assertEqual(len(definitions), 3)
        for (definition,) in definitions:
            self.assertIn("is_closed IS NOT TRUE", definition)
