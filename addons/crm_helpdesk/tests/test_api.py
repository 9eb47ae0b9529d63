from datetime import timedelta

from odoo import fields
from odoo.tests import HttpCase, tagged

from .common import HelpdeskCommon


@tagged("post_install", "-at_install")
class TestHelpdeskApi(HelpdeskCommon, HttpCase):
    """Tickets as other software opens, reads and merges them: /json/2 with a key."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.outsider = cls.make_user("api_outsider", "base.group_user")
        cls.env.cr.flush()  # what a commit does, for the requests

    def call(self, method, user=None, **body):
        tomorrow = fields.Datetime.now() + timedelta(days=1)
        keys = self.env["res.users.apikeys"].with_user(user or self.anna).sudo()
        return self.url_open(
            f"/json/2/helpdesk.ticket/{method}",
            headers={"Authorization": f"bearer {keys._generate('rpc', 'test', tomorrow)}"},
            json=body,
            method="POST",
        )

    def open_ticket(self, name):
        values = {"name": name, "team_id": self.team.id, "partner_email": "iris@alma.example"}
        answer = self.call("create", vals_list=[values])
        self.assertEqual(answer.status_code, 200, answer.text)
        return answer.json()[0]

    def test_open_find_take_and_solve(self):
        ticket_id = self.open_ticket("Toner leaks")
        found = self.call(
            "search_read", domain=[["id", "=", ticket_id]], fields=["number", "partner_id", "stage_kind"]
        ).json()
        self.assertEqual((found[0]["stage_kind"], found[0]["partner_id"][0]), ("open", self.contact.id))
        self.assertTrue(found[0]["number"])
        for method in ("action_take", "action_close"):
            answer = self.call(method, ids=[ticket_id])
            self.assertEqual(answer.status_code, 200, answer.text)
        ticket = self.env["helpdesk.ticket"].browse(ticket_id)
        self.assertEqual((ticket.user_id, ticket.stage_kind), (self.anna, "closed"))

    def test_merge(self):
        target_id, source_id = self.open_ticket("Toner leaks"), self.open_ticket("Toner leaks, again")
        answer = self.call("merge_into", ids=[source_id], target_id=target_id)
        self.assertEqual(answer.status_code, 200, answer.text)
        source = self.env["helpdesk.ticket"].browse(source_id)
        self.assertEqual((source.merged_into_id.id, source.active), (target_id, False))

    def test_errors_are_documented_statuses(self):
        ticket_id = self.open_ticket("Toner leaks")
        self.assertEqual(
            self.call("read", user=self.outsider, ids=[ticket_id], fields=["name"]).status_code, 403
        )
        self.assertEqual(self.call("write", ids=[ticket_id], vals={"number": "X"}).status_code, 422)
        unknown = self.url_open("/json/2/helpdesk.ticket/read", json={"ids": [ticket_id]}, method="POST")
        self.assertEqual(unknown.status_code, 401)
