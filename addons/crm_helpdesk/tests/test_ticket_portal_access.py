import json
import re

from odoo import Command
from odoo.exceptions import AccessError
from odoo.tests import tagged
from odoo.tools import mute_logger

from ..models.helpdesk_ticket_portal import READABLE
from .portal_common import HelpdeskPortalCase

RPC_LOGGERS = ("odoo.http", "odoo.addons.base.models.ir_rule", "odoo.addons.base.models.ir_model")


@tagged("post_install", "-at_install")
class TestTicketPortalAccess(HelpdeskPortalCase):
    """Who sees which tickets in the portal, by each way there is."""

    def test_person_sees_the_own_tickets_and_the_main_contact_all(self):
        self.assertEqual(self.seen(self.main), {"main", "colleague"})
        self.assertEqual(self.seen(self.colleague), {"colleague"})
        self.assertEqual(self.seen(self.stranger), {"stranger"})

    def test_colleague_sees_all_while_he_is_allowed(self):
        person = self.colleague.partner_id
        self.main.partner_id._crm_portal_allow({person.id})
        self.assertEqual(self.seen(self.colleague), {"main", "colleague"})
        self.act(self.mine, "follow", self.colleague, follow="1")
        self.assertIn(person, self.mine.message_partner_ids)
        self.main.partner_id._crm_portal_allow(set())
        self.assertEqual(self.seen(self.colleague), {"colleague"}, "following does not outlive the right")
        self.assertNotIn(person, self.mine.message_partner_ids)

    def test_who_leaves_the_customer_follows_its_tickets_no_longer(self):
        person = self.colleague.partner_id
        self.mine.message_subscribe(person.ids)
        self.assertEqual(self.seen(self.colleague), {"main", "colleague"})
        person.parent_id = self.stranger_customer
        self.env.flush_all()
        self.assertEqual(self.seen(self.colleague), {"colleague"})

    def test_follower_of_another_customer_sees_the_ticket_he_was_sent(self):
        self.mine.message_subscribe(self.stranger.partner_id.ids)
        self.assertEqual(self.seen(self.stranger), {"main", "stranger"})
        page = self.get("/my/tickets", self.stranger)
        self.assertEqual(page.status_code, 200)
        self.assertIn("Ticket of main", page.text)
        self.assertIn("Ticket of main", self.get(f"/my/tickets/{self.mine.id}", self.stranger).text)
        self.assertEqual(self.get("/my/tickets", self.main).status_code, 200)

    def test_team_that_is_not_in_the_portal_stays_away(self):
        self.team.privacy_visibility = "employees"
        for user in (self.main, self.colleague, self.stranger):
            self.assertEqual(self.seen(user), set())
        token = self.token(self.mine)
        for user in (self.main, None):
            page = self.get(f"/my/tickets/{self.mine.id}?access_token={token}", user)
            self.assertNotIn("Ticket of main", page.text)
        self.mine.message_post(body="To the customer", subtype_xmlid="mail.mt_comment")
        fetched = self.rpc(
            "/mail/chatter_fetch", None, thread_model="helpdesk.ticket", thread_id=self.mine.id, token=token
        )
        self.assertNotIn("To the customer", fetched)
        self.assertEqual(self.get("/my/tickets", self.main).status_code, 200)
        self.assertIn("No tickets yet", self.get("/my/tickets", self.main).text)

    def test_customers_of_invited_employees_see_their_own(self):
        self.team.privacy_visibility = "invited_users"
        self.assertEqual(self.seen(self.stranger), {"stranger"})
        self.assertIn("Ticket of main", self.get(f"/my/tickets/{self.mine.id}", self.main).text)
        self.assertNotIn("Ticket of main", self.get(f"/my/tickets/{self.mine.id}", self.stranger).text)

    def test_archived_ticket_is_gone(self):
        token = self.token(self.mine)
        self.mine.active = False
        self.assertEqual(self.seen(self.main), {"colleague"})
        page = self.get(f"/my/tickets/{self.mine.id}?access_token={token}")
        self.assertNotIn("Ticket of main", page.text)

    def test_companies_are_apart(self):
        branch = self.env["res.company"].create({"name": "Branch"})
        team = self.make_team("Branch support", self.env["res.users"], company_id=branch.id)
        other = self.ticket("Ticket of branch", team_id=team.id, partner_id=self.main.partner_id.id)
        self.all |= other
        self.assertEqual(self.seen(self.main), {"main", "colleague"})
        # Of the branch alone: with a website, who is of several companies is shown that of the website.
        self.main.write({"company_ids": [Command.set(branch.ids)], "company_id": branch.id})
        page = self.get("/my/tickets/new", self.main).text
        self.assertRegex(page, rf'name="team_id"[^>]* value="{team.id}"')
        self.assertNotRegex(page, rf'name="team_id"[^>]* value="{self.team.id}"')
        self.assertNotIn(other.name, self.get("/my/tickets", self.colleague).text)

    def test_page_is_for_whom_it_concerns(self):
        url = f"/my/tickets/{self.mine.id}"
        for user, seen in ((self.main, True), (self.colleague, False), (self.stranger, False), (None, False)):
            with self.subTest(user=user and user.login):
                self.assertEqual("Ticket of main" in self.get(url, user).text, seen)
        self.assertNotIn("Ticket of", self.get("/my/tickets/999999999", self.main).text)
        for url in ("/my/tickets", "/my/tickets/new"):
            self.assertIn("/web/login", self.get(url).url, url)

    def test_token_opens_its_own_ticket_alone(self):
        token = self.token(self.mine)
        self.assertIn("Ticket of main", self.get(f"/my/tickets/{self.mine.id}?access_token={token}").text)
        self.token(self.strange)
        for url in (
            f"/my/tickets/{self.strange.id}?access_token={token}",
            f"/my/tickets/{self.mine.id}?access_token=wrong",
            f"/my/tickets/{self.mine.id}?access_token=",
            f"/my/tickets/{self.mine.id}",
        ):
            self.assertNotIn("Ticket of", self.get(url).text, url)

    def test_link_in_a_mail_leads_whoever_signs_in_to_the_page(self):
        answer = self.get(f"/mail/view?model=helpdesk.ticket&res_id={self.mine.id}", self.main)
        self.assertIn(f"/my/tickets/{self.mine.id}", answer.url)
        self.assertIn("Ticket of main", answer.text)

    # By the models ----------------------------------------------------------------

    def test_customer_reads_what_a_customer_may_know(self):
        mine = self.mine.with_user(self.main)
        self.assertEqual(mine.read(["name", "portal_state"])[0]["portal_state"], "In progress")
        for fname in set(mine._fields) - READABLE:
            with self.subTest(field=fname), self.assertRaises(AccessError):
                mine.read([fname])
        self.assertLessEqual(set(mine.read()[0]), READABLE)
        Ticket = self.env["helpdesk.ticket"].with_user(self.main)
        for domain in (
            [("priority", "=", "3")],
            [("access_token", "!=", False)],
            [("color", "=", 1)],
        ):
            with self.assertRaises(AccessError):
                Ticket.search(domain)
        with self.assertRaises(AccessError):
            Ticket.search([], order="priority")
        for groupby in ("priority", "access_token"):
            with self.assertRaises(AccessError):
                Ticket._read_group([], [groupby], ["__count"])

    @mute_logger(*RPC_LOGGERS)
    def test_customer_writes_nothing_by_rpc(self):
        self.mine.write({"priority": "1"})
        self.colleagues.stage_id = self.solved
        kept = ["stage_id", "priority", "user_id", "team_id", "name", "partner_id", "active"]
        before = self.mine.read(kept)
        for values in (
            {"stage_id": self.solved.id},
            {"priority": "3"},
            {"user_id": self.ben.id},
            {"team_id": self.team.id},
            {"name": "Mine"},
            {"partner_id": self.stranger.partner_id.id},
            {"active": False},
            {"reopen_days": 9},
        ):
            answer = self.call("helpdesk.ticket", "write", self.mine.ids, values, user=self.main)
            self.assertIn("error", json.loads(answer), values)
        for method, args in (
            ("create", [[{"name": "By RPC", "team_id": self.team.id}]]),
            ("unlink", [self.mine.ids]),
            ("copy", [self.mine.ids]),
            ("action_close", [self.mine.ids]),
            ("action_take", [self.mine.ids]),
            ("action_reopen", [self.colleagues.ids]),
            ("message_unsubscribe", [self.mine.ids, self.anna.partner_id.ids]),
            ("rating_apply", [self.mine.ids, 5]),
            ("get_portal_url", [self.mine.ids]),
        ):
            answer = self.call("helpdesk.ticket", method, *args, user=self.main)
            self.assertIn("error", json.loads(answer), method)
        self.env.invalidate_all()
        self.assertEqual(self.mine.read(kept), before)
        self.assertTrue(self.colleagues.is_closed)
        self.assertIn(self.anna.partner_id, self.mine.message_partner_ids)
        self.assertFalse(self.env["helpdesk.ticket"].search([("name", "=", "By RPC")]))

    @mute_logger(*RPC_LOGGERS)
    def test_customer_reads_no_other_model_of_the_helpdesk(self):
        for model in sorted(name for name in self.env.registry if name.startswith("helpdesk.")):
            # Articles are tested where they are: customers read those that are meant for them.
            if model in ("helpdesk.ticket", "helpdesk.article") or self.env[model]._abstract:
                continue
            self.assertFalse(self.env[model].with_user(self.main).has_access("read"), model)
        self.assertFalse(self.env["rating.rating"].with_user(self.main).has_access("read"))

    # What is internal -------------------------------------------------------------

    def internal(self):
        """A note with a file, a file nobody was sent, a note of the system, and an answer with a file."""
        Attachment = self.env["ir.attachment"]

        def file(name, **values):
            return Attachment.create({"name": name, "raw": b"Content of the file", **values})

        placed = {"res_model": "helpdesk.ticket", "res_id": self.mine.id}
        files = {"note": file("note.txt", **placed), "loose": file("loose.txt", **placed)}
        files["answer"] = file("answer.txt", **placed)
        note = self.mine.message_post(body="Internal remark", attachment_ids=files["note"].ids)
        noted = self.mine.message_notify(
            body="Internal hint", partner_ids=self.anna.partner_id.ids, subject="Hint"
        )
        done = self.mine.message_post(
            body="Internal deed", message_type="notification", subtype_xmlid="mail.mt_activities"
        )
        answer = self.mine.with_user(self.anna).message_post(
            body="Open answer",
            message_type="comment",
            subtype_xmlid="mail.mt_comment",
            attachment_ids=files["answer"].ids,
        )
        return files, note | done | noted, answer

    def test_internal_notes_and_files_are_never_shown(self):
        files, notes, answer = self.internal()
        token = self.token(self.mine)
        where = {"thread_model": "helpdesk.ticket", "thread_id": self.mine.id}
        for user, extra in ((self.main, {}), (None, {"token": token})):
            text = self.rpc("/mail/chatter_fetch", user, **where, **extra)
            self.assertIn("Open answer", text)
            self.assertIn("answer.txt", text)
            for hidden in ("Internal", "note.txt", "loose.txt"):
                self.assertNotIn(hidden, text)
        thread = self.rpc("/mail/thread/messages", self.main, **where)
        self.assertIn("Open answer", thread)
        for hidden in ("Internal", "note.txt", "loose.txt"):
            self.assertNotIn(hidden, thread)
        page = self.get(f"/my/tickets/{self.mine.id}", self.main).text
        self.assertNotIn("Internal", page)
        for name, file in files.items():
            for user in (self.main, self.stranger, None):
                response = self.get(f"/web/content/{file.id}", user)
                self.assertNotIn("Content of the file", response.text, name)
        key = re.search(r'"raw_access_token": "([^"]+)"', text).group(1)
        self.assertEqual(text.count('"raw_access_token"'), 1)
        shown = self.get(f"/web/content/{files['answer'].id}?access_token={key}", self.main)
        self.assertIn("Content of the file", shown.text)
        hidden = self.get(f"/web/content/{files['note'].id}?access_token={key}", self.main)
        self.assertNotIn("Content of the file", hidden.text)
        Attachment = self.env["ir.attachment"].with_user(self.main)
        with self.assertRaises(AccessError):
            Attachment.search([("res_model", "=", "helpdesk.ticket"), ("res_id", "=", self.mine.id)])
        Message = self.env["mail.message"].with_user(self.main)
        self.assertEqual(Message.search([("id", "in", (notes | answer).ids)]).ids, answer.ids)
        for note in notes:
            with self.assertRaises(AccessError):
                Message.browse(note.id).read(["body"])
        self.assertIn("Open answer", Message.browse(answer.id).read(["body"])[0]["body"])

    def test_employees_see_notes_and_files(self):
        files, notes, _answer = self.internal()
        self.env.invalidate_all()
        Attachment = self.env["ir.attachment"].with_user(self.anna)
        domain = [("res_model", "=", "helpdesk.ticket"), ("res_id", "=", self.mine.id)]
        self.assertEqual(len(Attachment.search(domain)), len(files))
        self.assertEqual(
            len(self.env["mail.message"].with_user(self.anna).browse(notes.ids).read(["body"])), 3
        )

    @mute_logger(*RPC_LOGGERS)
    def test_changes_of_internal_fields_leave_no_trace(self):
        self.mine.with_context(tracking_disable=False).priority = "3"
        self.mine.user_id = self.ben
        self.env.flush_all()
        text = self.rpc(
            "/mail/thread/messages", self.main, thread_model="helpdesk.ticket", thread_id=self.mine.id
        )
        for hidden in ("Urgent", "Priority", "Assigned"):
            self.assertNotIn(hidden, text)

    # Conversation -----------------------------------------------------------------

    def answer(self, ticket, user, body="From outside", **extra):
        return self.rpc(
            "/mail/message/post",
            user,
            thread_model="helpdesk.ticket",
            thread_id=ticket.id,
            post_data={"body": body, "message_type": "comment", "subtype_xmlid": "mail.mt_comment"},
            **extra,
        )

    @mute_logger(*RPC_LOGGERS)
    def test_answer_reaches_the_own_ticket_alone(self):
        self.answer(self.mine, self.main, "Still <b>leaking</b><script>alert(1)</script>")
        message = self.mine.message_ids[0]
        self.assertEqual((message.author_id, message.message_type), (self.main.partner_id, "comment"))
        self.assertIn("leaking", message.body)
        self.assertNotIn("script", message.body)
        token, other = self.token(self.mine), self.token(self.strange)
        self.answer(self.mine, None, "By the link", token=token)
        self.assertIn("By the link", self.mine.message_ids[0].body)
        self.assertEqual(self.mine.message_ids[0].author_id, self.main.partner_id)
        count = len(self.mine.message_ids)
        self.answer(self.mine, self.stranger)
        self.answer(self.mine, self.colleague)
        self.answer(self.mine, None)
        self.answer(self.mine, None, token=other)
        self.answer(self.mine, self.stranger, token=other)
        self.env.invalidate_all()
        self.assertEqual(len(self.mine.message_ids), count)

    @mute_logger(*RPC_LOGGERS)
    def test_answer_carries_no_rating_and_no_file_of_somebody_else(self):
        data = {"body": "Five stars", "message_type": "comment", "rating_value": 5}
        where = {"thread_model": "helpdesk.ticket", "thread_id": self.mine.id}
        self.rpc("/mail/message/post", self.main, **where, post_data=data)
        self.assertIn("Five stars", self.mine.message_ids[0].body)
        self.assertFalse(self.mine.rating_ids)
        secret = self.env["ir.attachment"].create(
            {"name": "secret.txt", "raw": b"x", "res_model": "helpdesk.ticket", "res_id": self.strange.id}
        )
        data = {"body": "With a file", "message_type": "comment", "attachment_ids": secret.ids}
        answer = self.rpc("/mail/message/post", self.main, **where, post_data=data)
        self.assertIn("error", json.loads(answer))
        self.assertEqual(secret.res_id, self.strange.id)
        for user in (self.stranger, None):
            self.sign_in(user)
            response = self.url_open(
                "/mail/attachment/upload",
                data={"thread_model": "helpdesk.ticket", "thread_id": str(self.mine.id)},
                files={"ufile": ("evil.txt", b"evil", "text/plain")},
            )
            self.assertNotEqual(response.status_code, 200)
        self.assertFalse(self.env["ir.attachment"].search([("name", "=", "evil.txt")]))

    def test_request_is_not_shown_twice(self):
        self.mine.description = "<p>It leaks since Monday</p>"
        url = f"/my/tickets/{self.mine.id}"
        self.assertIn("Your request", self.get(url, self.main).text)
        self.mine.message_post(
            body="It leaks since Monday",
            message_type="email",
            subtype_xmlid="mail.mt_comment",
            author_id=self.main.partner_id.id,
        )
        self.assertNotIn("Your request", self.get(url, self.main).text)
