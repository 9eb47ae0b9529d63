import json

from odoo import Command
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, tagged

from .common import HelpdeskCommon


@tagged("post_install", "-at_install")
class TestTicketLink(HelpdeskCommon):
    """Related tickets, parts of a larger matter, and tickets split in two."""

    def test_related_is_seen_from_both_sides(self):
        one, two, three = self.ticket("One"), self.ticket("Two"), self.ticket("Three")
        one.with_user(self.anna).related_ids = [Command.set((two | three).ids)]
        self.assertEqual((two.related_ids, three.related_ids), (one, one))
        two.related_ids = [Command.unlink(one.id)]
        self.assertEqual((one.related_ids, two.related_ids), (three, two.browse()))
        four = self.ticket("Four", related_ids=[Command.link(one.id)])
        self.assertEqual(one.related_ids, three | four)
        with self.assertRaises(ValidationError):
            one.related_ids = [Command.link(one.id)]

    def test_private_ticket_is_not_told_by_its_relation(self):
        private = self.make_team("Legal", self.anna, privacy_visibility="followers")
        secret = self.ticket("Contract", team_id=private.id)
        shown = self.ticket("Shown", related_ids=[Command.link(secret.id)])
        self.assertEqual(shown.with_user(self.anna).related_ids, secret)
        shown.invalidate_recordset()
        self.assertFalse(shown.with_user(self.ben).related_ids)

    def test_parts_make_no_circle_and_stay_in_the_company(self):
        whole = self.ticket("Office moved")
        part = self.ticket("Printers", parent_id=whole.id)
        detail = self.ticket("Toner", parent_id=part.id)
        with self.assertRaises(ValidationError):
            whole.parent_id = detail
        branch = self.env["res.company"].create({"name": "Branch"})
        team = self.make_team("Branch support", self.env["res.users"], company_id=branch.id)
        with self.assertRaises(ValidationError):
            self.ticket("Of the branch", team_id=team.id, parent_id=whole.id)
        self.assertEqual((whole.child_count, whole.open_child_count), (1, 1))
        part.stage_id = self.solved
        self.assertEqual((whole.child_count, whole.open_child_count), (1, 0))

    def test_solving_the_whole_asks_about_its_parts_where_the_team_wants_it(self):
        whole = self.ticket("Office moved")
        part = self.ticket("Printers", parent_id=whole.id)
        detail = self.ticket("Toner", parent_id=part.id)
        whole.with_user(self.anna).action_close()
        self.assertEqual((whole.stage_id, part.stage_id), (self.solved, self.new), "nobody wants it")
        whole.action_reopen()
        self.team.solve_parts = True
        action = whole.with_user(self.anna).action_close()
        self.assertFalse(whole.is_closed)
        Wizard = self.env[action["res_model"]].with_user(self.anna).with_context(**action["context"])
        wizard = Form(Wizard).save()
        self.assertEqual(wizard.part_ids, part | detail)
        wizard.action_solve_alone()
        self.assertEqual((whole.stage_id, part.stage_id), (self.solved, self.new))
        whole.action_reopen()
        Form(Wizard).save().action_solve_all()
        self.assertEqual((whole | part | detail).stage_id, self.solved)

    def hints(self, work):
        """What the screen shows whoever did that."""
        self.env.cr.precommit.run()
        before = self.env["bus.bus"].search([])
        work()
        self.env.cr.precommit.run()
        news = self.env["bus.bus"].search([]) - before
        news = [json.loads(news.message) for news in news]
        return [each["payload"]["message"] for each in news if each["type"] == "simple_notification"]

    def test_whoever_drags_the_whole_into_a_stage_is_told_of_its_parts(self):
        self.team.solve_parts = True
        whole, other = self.ticket("Office moved"), self.ticket("Without parts")
        part = self.ticket("Printers", parent_id=whole.id)
        moved = (whole | other).with_user(self.anna)
        (hint,) = self.hints(lambda: moved.write({"stage_id": self.solved.id}))
        self.assertEqual(
            hint, f"{whole.display_name}: 1 open. Open the ticket to solve them, too.", "not of the other one"
        )
        self.assertEqual((whole.stage_id, part.stage_id), (self.solved, self.new), "nothing else is decided")
        self.assertEqual((whole.has_parts_to_solve, other.has_parts_to_solve), (True, False))
        action = whole.with_user(self.anna).action_solve_parts()
        wizard = Form(
            self.env[action["res_model"]].with_user(self.anna).with_context(**action["context"])
        ).save()
        self.assertTrue(wizard.is_solved)
        self.assertFalse(self.hints(wizard.action_solve_all))
        self.assertEqual(part.stage_id, self.solved)
        self.assertFalse(whole.has_parts_to_solve)

    def test_nobody_is_told_where_it_is_decided_or_not_wanted(self):
        whole = self.ticket("Office moved")
        part = self.ticket("Printers", parent_id=whole.id)
        mine = whole.with_user(self.anna)
        self.assertFalse(self.hints(lambda: mine.write({"stage_id": self.solved.id})))
        self.assertFalse(whole.has_parts_to_solve)
        whole.action_reopen()
        self.team.solve_parts = True
        self.assertFalse(self.hints(lambda: mine.write({"stage_id": self.waiting.id})))
        self.assertFalse(self.hints(lambda: mine.write({"stage_id": self.cancelled.id})))
        whole.action_reopen()
        decided = mine.with_context(helpdesk_parts_decided=True)
        self.assertFalse(self.hints(decided.action_close))
        self.assertEqual((whole.stage_id, part.stage_id), (self.solved, self.new))
        customer = self.make_user("customer", "base.group_portal")
        whole.action_reopen()
        closing = whole.with_user(customer).sudo()
        self.assertFalse(self.hints(lambda: closing.write({"stage_id": self.solved.id})))

    def test_parts_one_may_not_change_are_left(self):
        private = self.make_team("Legal", self.anna, privacy_visibility="followers")
        whole = self.ticket("Office moved")
        secret = self.ticket("Contract", team_id=private.id, parent_id=whole.id)
        self.assertEqual(whole.with_user(self.anna)._get_open_parts(), secret)
        self.assertFalse(whole.with_user(self.ben)._get_open_parts())

    def said(self, ticket, body, author=None, **values):
        author = author or self.contact
        return ticket.message_post(
            body=body,
            author_id=author.id,
            message_type="comment",
            subtype_xmlid="mail.mt_comment",
            **values,
        )

    def split(self, ticket, messages, user=None, **values):
        Wizard = self.env["helpdesk.ticket.split"].with_user(user or self.anna)
        form = Form(Wizard.with_context(active_model="helpdesk.ticket", active_id=ticket.id))
        for name, value in values.items():
            setattr(form, name, value)
        wizard = form.save()
        wizard.line_ids.filtered(lambda line: line.message_id in messages).is_taken = True
        return self.env["helpdesk.ticket"].browse(wizard.action_split()["res_id"])

    def test_messages_move_into_a_ticket_of_their_own(self):
        ticket = self.ticket("Toner leaks", user_id=self.anna.id)
        ticket.message_subscribe(self.contact.ids)
        kept = self.said(ticket, "It leaks")
        moved = self.said(ticket, "And the invoice is wrong", attachments=[("bill.txt", b"x")])
        protocol = ticket.message_ids - kept - moved
        new = self.split(ticket, moved, name="Invoice")
        self.assertEqual((new.name, new.split_from_id, new.partner_id), ("Invoice", ticket, self.contact))
        self.assertEqual((moved.res_id, kept.res_id), (new.id, ticket.id))
        self.assertEqual(moved.attachment_ids.res_id, new.id)
        self.assertLessEqual(protocol, ticket.message_ids)
        self.assertIn(self.contact, new.message_partner_ids)
        self.assertEqual(new.stage_id, self.new)
        self.assertEqual(ticket.split_ids, new)

    def test_messages_are_copied(self):
        ticket = self.ticket("Toner leaks")
        both = self.said(ticket, "It leaks, and the invoice is wrong", attachments=[("bill.txt", b"x")])
        new = self.split(ticket, both, mode="copy")
        copy = new.message_ids.filtered(lambda message: "invoice" in (message.body or ""))
        self.assertEqual((both.res_id, copy.author_id), (ticket.id, self.contact))
        self.assertNotEqual(copy.message_id, both.message_id)
        self.assertEqual(copy.attachment_ids.mapped("res_id"), [new.id])
        self.assertEqual(both.attachment_ids.mapped("res_id"), [ticket.id])

    def test_nothing_chosen_is_said_and_strangers_may_not_split(self):
        ticket = self.ticket("Toner leaks")
        message = self.said(ticket, "It leaks")
        with self.assertRaisesRegex(UserError, "Choose"):
            self.split(ticket, message.browse())
        private = self.make_team("Legal", self.anna, privacy_visibility="followers")
        secret = self.ticket("Contract", team_id=private.id)
        with self.assertRaises(AccessError):
            secret.with_user(self.ben)._split(self.said(secret, "Word"), "move", {"name": "Mine"})
        with self.assertRaises(AccessError):
            self.split(secret, message.browse(), user=self.ben)
        Wizard = self.env["helpdesk.ticket.split"].with_user(self.ben)
        with self.assertRaises(AccessError):
            Wizard.create({"ticket_id": secret.id, "team_id": self.team.id}).read(["name"])
