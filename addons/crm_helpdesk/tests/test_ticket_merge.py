import base64

from psycopg2.errors import LockNotAvailable

from odoo import Command
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.modules.registry import Registry
from odoo.tests import Form, tagged
from odoo.tools import mute_logger

from .mail_common import HelpdeskMailCommon
from .sla_common import SlaCommon


@tagged("post_install", "-at_install")
class TestTicketMerge(SlaCommon):
    """Several tickets about one matter become one."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.target = cls.ticket("Toner leaks", user_id=cls.anna.id)
        cls.source = cls.ticket("Toner still leaks", description="<p>Powder everywhere</p>")

    def post(self, ticket, body, author=None, **values):
        return ticket.message_post(
            body=body,
            author_id=(author or self.contact).id,
            message_type="comment",
            subtype_xmlid="mail.mt_comment",
            **values,
        )

    def merge(self, source=None, target=None, user=None):
        source = (source or self.source).with_user(user or self.anna)
        return source.merge_into((target or self.target).id)

    def test_everything_that_was_said_and_done_goes_over(self):
        tags = self.env["helpdesk.tag"].create([{"name": "Merge A"}, {"name": "Merge B"}])
        self.target.tag_ids, self.source.tag_ids = tags[0], tags[1]
        said = self.post(self.source, "It leaks", attachments=[("photo.txt", b"powder")])
        note = self.source.with_user(self.ben).message_post(body="Called him", message_type="comment")
        file = self.env["ir.attachment"].create(
            {
                "name": "bill.txt",
                "datas": base64.b64encode(b"x"),
                "res_model": "helpdesk.ticket",
                "res_id": self.source.id,
            }
        )
        todo = self.source.activity_schedule("mail.mail_activity_data_todo", user_id=self.ben.id)
        colleague = self.env["res.partner"].create(
            {"name": "Otto", "email": "otto@alma.example", "parent_id": self.customer.id}
        )
        self.source.message_subscribe((colleague | self.ben.partner_id).ids)
        self.source.email_cc = "zoe@nowhere.example"
        self.target.email_cc = "max@nowhere.example"
        before = self.target.message_ids

        self.merge()

        self.assertLessEqual(said | note, self.target.message_ids)
        self.assertLessEqual(before, self.target.message_ids)
        self.assertEqual((said.attachment_ids | file).mapped("res_id"), [self.target.id] * 2)
        self.assertEqual((todo.res_id, todo.user_id), (self.target.id, self.ben))
        self.assertEqual(self.target.tag_ids, tags)
        self.assertLessEqual(colleague | self.ben.partner_id, self.target.message_partner_ids)
        for address in ("zoe@nowhere.example", "max@nowhere.example"):
            self.assertIn(address, self.target.email_cc)
        told = self.target.message_ids.filtered(lambda m: "Powder everywhere" in (m.body or ""))
        self.assertEqual((told.author_id, told.date), (self.contact, self.source.create_date))

    def test_source_is_put_away_and_points_to_the_target(self):
        self.merge()
        self.assertEqual(self.source.merged_into_id, self.target)
        self.assertEqual((self.source.active, self.source.stage_kind), (False, "cancelled"))
        self.assertEqual(self.target.merged_count, 1)
        Ticket = self.env["helpdesk.ticket"]
        self.assertNotIn(self.source, Ticket.search([("commercial_partner_id", "=", self.customer.id)]))
        found = Ticket.search([("active", "in", [True, False]), ("merged_into_id", "!=", False)])
        self.assertIn(self.source, found)
        for values in ({"active": True}, {"stage_id": self.new.id}):
            with self.assertRaises(ValidationError), self.env.cr.savepoint():
                self.source.write(values)
        with self.assertRaises(UserError):
            self.target.unlink()
        (self.target | self.source).unlink()

    def test_merging_twice_changes_nothing(self):
        self.merge()
        count = len(self.target.message_ids)
        self.assertEqual(self.merge(), self.target.id)
        self.assertEqual(len(self.target.message_ids), count)

    def test_second_click_waits_for_the_first_one(self):
        registry = Registry(self.env.cr.dbname)
        with registry._db.cursor() as first, registry._db.cursor() as second:
            mine, theirs = (self.env["helpdesk.ticket"].with_env(self.env(cr=cr)) for cr in (first, second))
            values = {"name": "Twice", "team_id": mine.env.ref("crm_helpdesk.helpdesk_team_support").id}
            tickets = mine.with_context(tracking_disable=True).create([values] * 2)
            first.commit()
            try:
                tickets._wait_for_lock()
                second.execute("SET LOCAL lock_timeout = '100ms'")
                with mute_logger("odoo.sql_db"), self.assertRaises(LockNotAvailable):
                    theirs.browse(tickets.ids)._wait_for_lock()
                second.rollback()
                first.rollback()
                theirs.browse(tickets.ids)._wait_for_lock()
            finally:
                second.rollback()
                tickets.unlink()
                first.commit()

    def test_chains_lead_on_and_circles_are_refused(self):
        third = self.ticket("Again")
        self.merge()
        self.merge(self.target, third)
        self.assertEqual(self.source._get_merge_target(), third)
        late = self.ticket("Late")
        self.assertEqual(self.merge(late, self.source), third.id, "into what is left of it")
        self.assertEqual(late.merged_into_id, third)
        for source, target in ((third, self.source), (third, third)):
            with self.assertRaises(UserError):
                self.merge(source, target)
        other = self.ticket("Other")
        with self.assertRaisesRegex(UserError, "already"):
            self.merge(self.source, other)
        with self.assertRaises(ValidationError):
            third.write({"merged_into_id": self.source.id, "active": False, "stage_id": self.cancelled.id})

    def test_case_37_rows_of_the_source_are_cancelled_the_target_untouched(self):
        solve, answer = self.policy(8), self.policy(2, "first_response")
        target = self.opened("03-02 09:00", name="Target")
        source = self.opened("03-02 10:00", name="Source")
        kept = self.opened("03-02 09:00", name="Answered")
        self.say(kept, "03-02 09:30")
        values = target.sla_status_ids.sorted("id").read()
        with self.moment("03-02 10:30"):
            self.merge(source | kept, target)
        self.assertEqual(set(source.sla_status_ids.mapped("state")), {"cancelled"})
        self.assertEqual(self.row(kept, answer).state, "reached", "what was kept stays kept")
        self.assertEqual(self.row(kept, solve).state, "cancelled")
        self.assertFalse(source.sla_deadline)
        target.invalidate_recordset()
        self.assertEqual(target.sla_status_ids.sorted("id").read(), values)
        self.assertEqual(self.watch("03-04 09:00"), 4, "of the target alone: two ran out, two are told")

    def test_merging_an_answered_ticket_keeps_its_first_answer(self):
        target, source = self.opened("03-02 09:00"), self.opened("03-02 10:00")
        self.say(source, "03-02 11:00")
        with self.moment("03-02 15:00"):
            self.merge(source, target)
        self.assertEqual(target.first_response_at, source.first_response_at)
        self.assertEqual(target.hours_to_response, 2)

    def test_links_hang_on_the_target(self):
        follow = self.ticket("Follow-up", follows_id=self.source.id)
        part = self.ticket("Part", parent_id=self.source.id)
        friend = self.ticket("Friend", related_ids=[Command.set(self.source.ids)])
        whole = self.ticket("Whole")
        self.source.parent_id = whole
        self.target.follows_id = self.source
        self.merge()
        self.assertEqual((follow.follows_id, part.parent_id), (self.target, self.target))
        self.assertEqual((friend.related_ids, self.target.parent_id), (self.target, whole))
        self.assertFalse(self.target.follows_id)

    def test_customer_is_told_nothing_of_putting_away(self):
        template = self.env["mail.template"].create(
            {
                "name": "Over",
                "model_id": self.env["ir.model"]._get_id("helpdesk.ticket"),
                "subject": "It is over",
                "partner_to": "{{ object.partner_id.id }}",
            }
        )
        (self.solved | self.cancelled).template_id = template
        self.merge()
        self.env.flush_all()
        self.env.cr.precommit.run()
        messages = self.source.message_ids | self.target.message_ids
        self.assertNotIn("It is over", messages.mapped("subject"))

    def test_stranger_does_not_come_to_follow_another_customers_ticket(self):
        stranger = self.env["res.partner"].create({"name": "Max", "email": "max@else.example"})
        source = self.ticket("Of another", partner_id=stranger.id)
        source.message_subscribe(stranger.ids)
        warnings = source._get_merge_warnings(self.target)
        self.assertEqual(len(warnings), 1)
        self.assertIn("Max", warnings[0])
        self.merge(source)
        self.assertNotIn(stranger, self.target.message_partner_ids)

    def test_wizard_suggests_warns_and_asks(self):
        self.post(self.source, "One")
        self.post(self.source, "Two")
        context = {"active_model": "helpdesk.ticket", "active_ids": (self.source | self.target).ids}
        Wizard = self.env["helpdesk.ticket.merge"].with_user(self.anna)
        form = Form(Wizard.with_context(**context))
        self.assertEqual(form.target_id, self.source, "the one with most messages")
        form.target_id = self.target
        self.assertFalse(form.warning)
        action = form.save().action_merge()
        self.assertEqual((action["res_id"], self.source.merged_into_id), (self.target.id, self.target))

        stranger = self.env["res.partner"].create({"name": "Max", "email": "max@else.example"})
        strange = self.ticket("Of another", partner_id=stranger.id)
        form = Form(Wizard.with_context(active_model="helpdesk.ticket", active_ids=strange.ids))
        self.assertFalse(form.target_id)
        form.target_id = self.target
        wizard = form.save()
        with self.assertRaisesRegex(UserError, "Different customers"):
            wizard.action_merge()
        wizard.is_confirmed = True
        wizard.action_merge()
        self.assertEqual(strange.merged_into_id, self.target)

    def test_one_ticket_is_suggested_the_customers_oldest_other_one(self):
        Wizard = self.env["helpdesk.ticket.merge"].with_user(self.anna)
        form = Form(Wizard.with_context(active_model="helpdesk.ticket", active_ids=self.source.ids))
        self.assertEqual(form.target_id, self.target)

    def test_ticket_that_the_user_does_not_see_is_not_suggested(self):
        private = self.make_team("Legal", self.anna, privacy_visibility="followers")
        secret = self.ticket("Contract", team_id=private.id)
        (self.target | self.source).unlink()
        ticket = self.ticket("Toner leaks")
        for user, suggested in ((self.anna, secret), (self.ben, secret.browse())):
            Wizard = self.env["helpdesk.ticket.merge"].with_user(user)
            form = Form(Wizard.with_context(active_model="helpdesk.ticket", active_ids=ticket.ids))
            self.assertEqual(form.target_id, suggested, user.login)

    def test_less_open_team_is_warned_of(self):
        private = self.make_team("Legal", self.anna, privacy_visibility="followers")
        source = self.ticket("Contract", team_id=private.id)
        self.assertIn("Legal", source._get_merge_warnings(self.target)[0])
        self.assertFalse(self.target._get_merge_warnings(source))

    def test_only_who_may_change_both_merges(self):
        private = self.make_team("Legal", self.anna, privacy_visibility="followers")
        secret = self.ticket("Contract", team_id=private.id)
        for source, target in ((secret, self.target), (self.target, secret)):
            with self.assertRaises(AccessError):
                self.merge(source, target, user=self.ben)
        self.merge(secret, self.target, user=self.anna)

    def test_companies_do_not_mix(self):
        branch = self.env["res.company"].create({"name": "Branch"})
        team = self.make_team("Branch support", self.env["res.users"], company_id=branch.id)
        other = self.ticket("Of the branch", team_id=team.id)
        self.anna.company_ids |= branch
        user = self.anna.with_context(allowed_company_ids=[self.company.id, branch.id])
        with self.assertRaises(ValidationError):
            self.source.with_user(user).with_context(**user.env.context).merge_into(other.id)

    def test_timeline_has_the_target_alone(self):
        self.merge()
        self.env.flush_all()
        self.env["crm.interaction"]._finish_pending()
        rows = self.env["crm.interaction"].search(
            [("res_model", "=", "helpdesk.ticket"), ("res_id", "in", (self.source | self.target).ids)]
        )
        self.assertEqual(rows.mapped("res_id"), [self.target.id])


@tagged("post_install", "-at_install")
class TestTicketMergeMail(HelpdeskMailCommon):
    """Mails to a merged ticket."""

    def test_answers_land_in_the_target_over_chains_too(self):
        first = self.receive("Toner leaks", message_id="<first@alma.example>")
        second, third = self.receive("Again"), self.receive("And again")
        protocol = first.message_post(body="Protocol", message_type="notification")
        first.merge_into(second.id)
        self.assertEqual(protocol.res_id, first.id)
        second.merge_into(third.id)
        for number, reference in enumerate(("<first@alma.example>", protocol.message_id)):
            self.receive("Re: Toner leaks", body=f"Still number {number}", headers={"In-Reply-To": reference})
            self.assertIn(f"Still number {number}", third.message_ids[0].body)

    def test_address_of_one_ticket_leads_to_the_target(self):
        first, second = self.receive("Toner leaks"), self.receive("Again")
        self.env["mail.alias"].create(
            {
                "alias_name": "one-ticket",
                "alias_domain_id": self.mail_alias_domain.id,
                "alias_model_id": self.env["ir.model"]._get_id("helpdesk.ticket"),
                "alias_force_thread_id": first.id,
            }
        )
        first.merge_into(second.id)
        self.receive("Hello", body="By the address", to=f"one-ticket@{self.alias_domain}")
        self.assertIn("By the address", second.message_ids[0].body)
