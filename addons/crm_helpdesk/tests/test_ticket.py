from odoo.exceptions import UserError, ValidationError
from odoo.tests import Form, tagged

from .common import HelpdeskCommon


@tagged("post_install", "-at_install")
class TestTicket(HelpdeskCommon):
    """A ticket from its number to its end."""

    def test_numbers_are_in_a_row_in_each_company(self):
        first, second = self.ticket(), self.ticket()
        self.assertEqual(int(second.number[1:]), int(first.number[1:]) + 1)
        branch = self.env["res.company"].create({"name": "Branch"})
        team = self.make_team("Branch support", self.env["res.users"], company_id=branch.id)
        number = self.next_number(branch)
        other = self.ticket(team_id=team.id)
        self.assertEqual((other.company_id, other.number), (branch, number))

    def test_number_stays(self):
        with self.assertRaises(UserError):
            self.ticket().number = "T99999"

    def test_begins_in_the_first_stage_of_its_team(self):
        own = self.env["helpdesk.stage"].create({"name": "Triage", "sequence": 1, "team_ids": self.team.ids})
        self.assertEqual(self.ticket().stage_id, own)
        other = self.make_team("Cables", self.anna)
        self.assertEqual(self.ticket(team_id=other.id).stage_id, self.new)

    def test_another_team_takes_it_into_a_stage_it_has(self):
        own = self.env["helpdesk.stage"].create({"name": "Triage", "sequence": 1, "team_ids": self.team.ids})
        ticket = self.ticket()
        other = self.make_team("Cables", self.anna)
        ticket.team_id = other
        self.assertEqual(ticket.stage_id, self.new)
        with self.assertRaises(ValidationError):
            ticket.stage_id = own

    def test_solving_reopening_and_cancelling(self):
        ticket = self.ticket()
        self.assertFalse(ticket.is_closed or ticket.closed_at)
        ticket.action_close()
        self.assertEqual((ticket.stage_id, ticket.is_closed), (self.solved, True))
        self.assertTrue(ticket.closed_at)
        ticket.action_reopen()
        self.assertEqual((ticket.stage_id, ticket.is_closed, ticket.closed_at), (self.new, False, False))
        ticket.action_cancel()
        self.assertEqual((ticket.stage_id, ticket.is_closed), (self.cancelled, True))

    def test_waiting_is_open(self):
        ticket = self.ticket()
        ticket.stage_id = self.waiting
        self.assertEqual((ticket.stage_kind, ticket.is_closed), ("waiting", False))

    def test_taking_it(self):
        ticket = self.ticket()
        ticket.with_user(self.anna).action_take()
        self.assertEqual(ticket.user_id, self.anna)
        self.assertTrue(ticket.assigned_at)
        self.assertIn(self.anna.partner_id, ticket.message_partner_ids)

    def test_customer_brings_name_mail_and_phone_and_they_may_differ(self):
        with Form(self.env["helpdesk.ticket"]) as form:
            form.name = "Paper jam"
            form.partner_id = self.contact
            self.assertEqual(
                (form.partner_email, form.partner_phone), (self.contact.email, self.contact.phone)
            )
            form.partner_phone = "+32 2 555 00 00"
        ticket = form.record
        self.assertEqual(ticket.commercial_partner_id, self.customer)
        self.assertEqual(ticket.partner_phone, "+32 2 555 00 00")

    def test_mail_address_of_one_contact_finds_him(self):
        ticket = self.ticket(partner_id=False, partner_email="Iris <IRIS@alma.example>")
        self.assertEqual(ticket.partner_id, self.contact)

    def test_mail_address_of_two_contacts_finds_nobody(self):
        self.contact.copy({"name": "Iris at home", "email": self.contact.email})
        ticket = self.ticket(partner_id=False, partner_email=self.contact.email)
        self.assertFalse(ticket.partner_id)

    def test_stage_with_tickets_is_not_deleted(self):
        stage = self.env["helpdesk.stage"].create({"name": "Third line"})
        ticket = self.ticket(stage_id=stage.id)
        with self.assertRaisesRegex(ValidationError, "Third line"):
            stage.unlink()
        ticket.stage_id = self.new
        stage.unlink()

    def board(self, **context):
        """Stages of the board of a new employee, from left to right."""
        Ticket = self.env["helpdesk.ticket"].with_context(read_group_expand=True, **context)
        groups = Ticket.web_read_group([("user_id", "=", self.ben.id)], ["stage_id"])["groups"]
        return self.env["helpdesk.stage"].browse(group["stage_id"][0] for group in groups)

    def test_board_has_its_stages_before_there_are_tickets(self):
        other = self.make_team("Others", self.ben)
        own = self.env["helpdesk.stage"].create(
            {"name": "At the workshop", "team_ids": other.ids, "sequence": 15}
        )
        other.invalidate_recordset(["stage_ids"])
        shared = self.env["helpdesk.stage"].search([("team_ids", "=", False)])
        self.assertEqual(self.board(), shared)
        self.ticket(user_id=self.ben.id, stage_id=self.solved.id)
        self.assertEqual(self.board(), shared, "in their order, whichever have tickets")
        self.assertEqual(self.board(default_team_id=other.id), other.stage_ids)
        self.assertIn(own, other.stage_ids)
        self.ticket(user_id=self.ben.id, team_id=other.id, stage_id=own.id)
        self.assertEqual(self.board(), (shared | own).sorted())

    def test_team_keeps_a_beginning_and_an_end(self):
        with self.assertRaises(ValidationError):
            self.solved.active = False
        with self.assertRaises(ValidationError):
            self.solved.team_ids = self.make_team("Cables", self.anna)

    def test_documents_of_another_company_are_refused(self):
        branch = self.env["res.company"].create({"name": "Branch"})
        order = (
            self.env["sale.order"]
            .with_company(branch)
            .create({"partner_id": self.customer.id, "company_id": branch.id})
        )
        with self.assertRaisesRegex(ValidationError, "another company"):
            self.ticket(sale_order_id=order.id)

    def test_copy_is_a_new_ticket(self):
        ticket = self.ticket(user_id=self.anna.id)
        ticket.action_close()
        copy = ticket.copy()
        self.assertNotEqual(copy.number, ticket.number)
        self.assertEqual((copy.stage_id, copy.user_id.ids, copy.closed_at), (self.new, [], False))

    def test_stands_in_the_customers_history(self):
        ticket = self.ticket()
        ticket.action_close()
        self.env.cr.flush()
        rows = self.env["crm.interaction"].search(
            [("res_model", "=", "helpdesk.ticket"), ("res_id", "=", ticket.id)], order="kind"
        )
        self.assertEqual(rows.mapped("kind"), ["ticket", "ticket_closed"])
        self.assertEqual(rows.commercial_partner_id, self.customer)
        self.assertIn(ticket.number, rows[0].subject)

    def test_counts_of_customer_and_team(self):
        self.ticket(user_id=self.anna.id)
        self.ticket()
        self.ticket().action_close()
        self.assertEqual(self.customer.with_user(self.anna).helpdesk_ticket_count, 2)
        self.assertEqual((self.team.open_count, self.team.unassigned_count), (2, 1))

    def test_many_tickets_cost_few_queries(self):
        def create(count):
            self.env.flush_all()
            before = self.env.cr.sql_log_count
            values = {"name": "Bulk", "team_id": self.team.id, "partner_id": self.contact.id}
            self.env["helpdesk.ticket"].create([dict(values) for _number in range(count)])
            self.env.flush_all()
            return self.env.cr.sql_log_count - before

        create(1)
        few, many = create(5), create(25)
        # A number each is drawn from the company's sequence.
        self.assertLessEqual((many - few) / 20, 4)
