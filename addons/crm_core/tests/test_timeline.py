from datetime import timedelta

from odoo import Command, fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged

from .common import CrmCoreCommon

GONE = 2**30  # id of nothing
SOURCES = {
    "account.move",
    "account.payment",
    "calendar.event",
    "crm.lead",
    "mail.activity",
    "mail.message",
    "sale.order",
    "stock.picking",
}


@tagged("post_install", "-at_install")
class TestTimeline(CrmCoreCommon):
    """One history of every contact with a customer, and who sees what of it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.Interaction = cls.env["crm.interaction"]
        cls.contact.email = "anna@alma.example.com"
        cls.seller = new_test_user(
            cls.env, "timeline_seller", groups="sales_team.group_sale_salesman,crm_core.group_crm_core_all"
        )

    def kinds(self, partner=None, user=None, **filters):
        customer = (partner or self.customer).with_user(user or self.env.user)
        return [row["kind"] for row in customer.crm_timeline(100, **filters)["rows"]]

    def rows(self, *domain):
        self.customer._crm_sync_pending_interactions()
        return self.Interaction.search(list(domain))

    # Sources ----------------------------------------------------------

    def test_every_source_is_known(self):
        self.assertTrue(set(self.Interaction._get_sources()) >= SOURCES)

    def test_each_step_of_an_order_is_a_row(self):
        order = self.quote(self.contact, [(self.paper, 4)])
        self.assertEqual(self.kinds(), [], "a draft has not reached the customer")
        order.action_quotation_sent()
        self.assertEqual(self.kinds(kinds=["quotation", "order"]), ["quotation"])
        order.action_confirm()
        self.assertEqual(self.kinds(kinds=["quotation", "order"]), ["order"])
        picking = self.deliver(order)
        invoice = self.invoice(order)
        self.pay(invoice)
        self.send_back(picking, 1)
        self.bill(self.customer, self.paper, 5, move_type="out_refund")
        documents = self.customer.crm_timeline(100, channels=["document"])
        self.assertEqual(
            sorted(row["kind"] for row in documents["rows"]),
            ["delivery", "invoice", "order", "payment", "refund", "return"],
            "days without an hour stand at the end of the day, and are told from its begin",
        )
        rows = self.rows(("commercial_partner_id", "=", self.customer.id))
        kinds = set(rows.filtered(lambda row: row.channel == "document").mapped("kind"))
        self.assertEqual(kinds, {"order", "delivery", "invoice", "payment", "return", "refund"})
        self.assertEqual(rows.filtered(lambda row: row.kind == "order").partner_id, self.contact)

    def test_row_goes_with_its_document(self):
        order = self.order(self.customer, [(self.paper, 1)])
        self.assertIn("order", self.kinds())
        order._action_cancel()
        (row,) = self.customer.crm_timeline(100, kinds=["order"])["rows"]
        self.assertEqual((row["state"], row["level"]), ("Cancelled", "muted"))
        order.action_draft()
        self.assertNotIn("order", self.kinds())
        order.unlink()
        self.assertFalse(self.rows(("res_model", "=", "sale.order"), ("res_id", "=", order.id)))

    def test_mails_in_and_out_but_no_internal_note(self):
        lead = self.env["crm.lead"].create({"name": "New office", "partner_id": self.contact.id})
        lead.message_post(body="Between us", subtype_xmlid="mail.mt_note")
        lead.with_user(self.seller).sudo().message_post(
            body="Our offer",
            subject="Offer for you",
            message_type="comment",
            subtype_xmlid="mail.mt_comment",
            partner_ids=self.contact.ids,
            author_id=self.seller.partner_id.id,
        )
        lead.message_post(
            body="Thank you",
            subject="Re: Offer for you",
            message_type="email",
            subtype_xmlid="mail.mt_comment",
            author_id=self.contact.id,
        )
        rows = self.customer.crm_timeline(100, kinds=["email"])["rows"]
        self.assertEqual(
            [(row["direction"], row["subject"]) for row in rows],
            [("in", "Re: Offer for you"), ("out", "Offer for you")],
        )
        self.assertEqual(rows[1]["user"], self.seller.name)
        self.assertEqual({row["contact"] for row in rows}, {self.contact.display_name})
        self.assertEqual(self.kinds(kinds=["email"], direction="in"), ["email"])

    def test_meetings_and_finished_activities(self):
        now = fields.Datetime.now()
        values = {"name": "Price talk", "partner_ids": [Command.link(self.contact.id)]}
        past = {**values, "start": now - timedelta(days=2), "stop": now - timedelta(days=2, hours=-1)}
        event = self.env["calendar.event"].create(past)
        self.env["calendar.event"].create(
            {**values, "start": now + timedelta(days=2), "stop": now + timedelta(days=2, hours=1)}
        )
        self.env["calendar.event"].create({**past, "name": "Secret", "privacy": "private"})
        call = self.env.ref("mail.mail_activity_data_call")
        activity = self.customer.activity_schedule(activity_type_id=call.id, summary="Ask about paper")
        self.assertEqual(self.kinds(kinds=["meeting", "call"]), ["meeting"], "past, public meetings alone")
        activity.action_feedback("Wants a sample")
        with self.subTest("the feedback stays in the activity"):
            row = self.rows(("res_model", "=", "mail.activity"), ("res_id", "=", activity.id))
            self.assertEqual((row.kind, row.channel, row.subject), ("call", "phone", "Ask about paper"))
            self.assertFalse(row.outcome)
        event.partner_ids = [Command.unlink(self.contact.id)]
        self.assertEqual(self.kinds(kinds=["meeting"]), [])

    def test_opportunity_opened_and_won(self):
        lead = self.env["crm.lead"].create(
            {"name": "Contract", "type": "opportunity", "partner_id": self.contact.id}
        )
        self.assertEqual(self.kinds(kinds=["lead", "won", "lost"]), ["lead"])
        lead.action_set_won()
        self.assertEqual(sorted(self.kinds(kinds=["lead", "won", "lost"])), ["lead", "won"])

    # Whose ------------------------------------------------------------

    def test_rows_follow_their_contact_to_another_company(self):
        self.order(self.contact, [(self.paper, 1)])
        other = self.make_customer("Other")
        self.contact.parent_id = other
        self.env.flush_all()
        self.assertEqual(self.kinds(kinds=["order"]), [])
        self.assertEqual(self.kinds(other, kinds=["order"]), ["order"])

    def test_merged_partners_have_one_timeline(self):
        double = self.make_customer("Alma Wholesale (old)")
        self.order(double, [(self.paper, 1)])
        self.order(self.customer, [(self.paper, 1)], days_ago=2)
        self.env["base.partner.merge.automatic.wizard"].create({})._merge(
            (double | self.customer).ids, self.customer
        )
        self.assertEqual(self.kinds(kinds=["order"]), ["order", "order"])
        rows = self.rows(("commercial_partner_id", "=", self.customer.id))
        self.assertNotIn(double.id, rows.mapped("owner_id"))
        self.assertEqual(rows.partner_id, self.customer)

    def test_rows_of_a_deleted_partner_are_gone(self):
        partner = self.make_customer("Passing by")
        activity = partner.activity_schedule("mail.mail_activity_data_todo", summary="Look")
        activity.action_feedback()
        self.assertTrue(self.rows(("commercial_partner_id", "=", partner.id)))
        partner.unlink()
        self.assertFalse(self.rows(("commercial_partner_id", "=", partner.id)))

    # Who sees it ------------------------------------------------------

    def test_contact_whose_document_is_closed_to_the_reader_does_not_appear(self):
        mine = self.order(self.customer, [(self.paper, 1)], user_id=self.seller.id)
        self.order(self.customer, [(self.paper, 1)], user_id=self.env.ref("base.user_admin").id)
        invoice = self.bill(self.customer, self.training, 10, days_ago=1)
        self.assertEqual(sorted(self.kinds(channels=["document"])), ["invoice", "order", "order"])
        page = self.customer.with_user(self.seller).crm_timeline(100, channels=["document"])
        self.assertIn(mine.id, [row["res_id"] for row in page["rows"]])
        self.assertNotIn(
            ("account.move", invoice.id), [(row["model"], row["res_id"]) for row in page["rows"]]
        )
        self.assertEqual([row["kind"] for row in page["rows"]], ["order"])
        self.assertIsNone(page["next"])

    def test_outsiders_get_no_timeline(self):
        portal = new_test_user(self.env, "timeline_portal", groups="base.group_portal")
        portal.partner_id.parent_id = self.customer
        employee = new_test_user(self.env, "timeline_employee", groups="base.group_user")
        for user in (portal, employee):
            with self.assertRaises(AccessError):
                self.customer.with_user(user).crm_timeline()
            self.assertFalse(self.Interaction.with_user(user).has_access("read"))
        self.assertFalse(self.Interaction.with_user(self.seller).has_access("read"), "only by crm_timeline")

    def test_another_company_does_not_appear(self):
        branch = self.env["res.company"].create({"name": "Branch"})
        self.order(self.customer, [(self.paper, 1)])
        customer = self.customer.with_context(allowed_company_ids=branch.ids)
        self.assertEqual([row["kind"] for row in customer.crm_timeline()["rows"]], [])

    # Pages and filters ------------------------------------------------

    def test_pages_join_without_gap_or_double(self):
        for days_ago in (1, 1, 1, 2, 3, 3, 4):
            self.order(self.customer, [(self.training, 1)], days_ago=days_ago)
        whole = [row["id"] for row in self.customer.crm_timeline(100)["rows"]]
        for limit in (1, 2, 3):
            pages, before = [], None
            while True:
                page = self.customer.crm_timeline(limit, before=before)
                pages += [row["id"] for row in page["rows"]]
                before = page["next"]
                if not before:
                    break
            self.assertEqual(pages, whole)

    def test_filters(self):
        mine = self.order(self.customer, [(self.training, 1)], days_ago=1, user_id=self.seller.id)
        self.order(self.contact, [(self.training, 1)], days_ago=5)
        for filters, count in (
            ({}, 2),
            ({"user_id": self.seller.id}, 1),
            ({"since": self.at(2).date().isoformat()}, 1),
            ({"until": self.at(2).date().isoformat()}, 1),
            ({"search": mine.name.lower()}, 1),
            ({"search": "100%"}, 0),
            ({"direction": "in"}, 0),
        ):
            with self.subTest(filters):
                self.assertEqual(len(self.kinds(kinds=["order"], **filters)), count)
        self.assertEqual(len(self.kinds(self.contact, kinds=["order"], this_contact=True)), 1)
        self.assertEqual(
            len(self.kinds(self.contact, kinds=["order"])), 2, "a contact stands for the customer"
        )

    def test_bad_filters_are_refused_in_words(self):
        for filters in (
            {"channels": ["pigeon"]},
            {"kinds": ["nothing"]},
            {"direction": "sideways"},
            {"since": "yesterday"},
            {"before": "somewhere"},
        ):
            with self.subTest(filters), self.assertRaises(UserError):
                self.customer.crm_timeline(**filters)

    def test_first_page_costs_few_queries(self):
        for days_ago in range(12):
            self.deliver(self.order(self.customer, [(self.paper, 1)], days_ago=days_ago), days_ago=days_ago)
        self.customer.crm_timeline()
        self.env.invalidate_all()
        with self.assertQueryCount(12):
            self.customer.crm_timeline()

    # First fill -------------------------------------------------------

    def test_first_fill_goes_on_and_gives_the_same_rows(self):
        for days_ago in range(5):
            self.order(self.customer, [(self.training, 1)], days_ago=days_ago)
        lead = self.env["crm.lead"].create({"name": "Contract", "partner_id": self.contact.id})
        lead.message_post(body="Hello", message_type="email", author_id=self.contact.id)
        self.env.flush_all()
        columns = ("res_model", "res_id", "event", "kind", "date", "commercial_partner_id", "subject")

        def rows():
            found = self.Interaction.search([("commercial_partner_id", "=", self.customer.id)])
            return sorted(tuple(row.values())[1:] for row in found.read(columns, load=None))

        self.customer.crm_timeline()
        kept = rows()
        self.assertGreaterEqual(len(kept), 7)
        self.env.cr.execute("DELETE FROM crm_interaction")
        self.Interaction.invalidate_model()
        Fill = self.env["crm.interaction.fill"]
        Fill.search([]).unlink()
        Fill._request_missing()
        fills = Fill.search([])
        self.assertTrue(set(fills.mapped("model_id.model")) >= SOURCES)
        orders = fills.filtered(lambda fill: fill.model_id.model == "sale.order")
        self.assertEqual(orders._do_batch(limit=2), 2)
        self.assertTrue(0 < orders.progress < 100)
        for fill in fills:
            while not fill.is_done:
                fill._do_batch(limit=100)
        self.assertEqual(set(fills.mapped("progress")), {100.0})
        self.assertEqual(rows(), kept)

    def test_sources_written_together_give_the_same_rows(self):
        """Each statement costs a transaction time: whatever it has changed is written with one."""
        order = self.order(self.customer, [(self.training, 1)])
        self.invoice(order)
        lead = self.env["crm.lead"].create({"name": "Contract", "partner_id": self.contact.id})
        lead.message_post(body="Hello", message_type="email", author_id=self.contact.id)
        self.env["crm.contact.log"].create({"partner_id": self.contact.id, "subject": "Price of paper"})
        self.env.flush_all()
        rows = self.rows(("commercial_partner_id", "=", self.customer.id))
        columns = ("res_model", "res_id", "event", "kind", "date", "partner_id", "user_id", "subject")

        def told():
            found = self.Interaction.search([("commercial_partner_id", "=", self.customer.id)])
            return sorted(str(list(row.values())[1:]) for row in found.read(columns, load=None))

        # Also those that have no row of this customer: the columns of all of them fit together.
        ids_of = {name: [] for name in self.Interaction._get_sources()}
        for row in rows:
            ids_of[row.res_model].append(row.res_id)
        ids_of = {name: ids or [GONE] for name, ids in ids_of.items()}
        self.assertGreaterEqual(sum(ids != [GONE] for ids in ids_of.values()), 5)
        kept = told()
        self.assertFalse(self.Interaction._sync_together(ids_of), "nothing is new")
        self.assertEqual(told(), kept)
        self.env.cr.execute("DELETE FROM crm_interaction WHERE id = ANY(%s)", [rows.ids])
        self.Interaction.invalidate_model()
        with self.assertQueryCount(1):
            new = self.Interaction._sync_together(
                {name: ids for name, ids in ids_of.items() if name in ("mail.message", "sale.order")}
            )
        new += self.Interaction._sync_together(ids_of)
        self.assertEqual(len(new), len(rows))
        self.assertEqual(told(), kept)

    def test_what_the_database_has_deleted_has_no_row(self):
        """Whatever goes along with something else runs no hook, and may still be in the cache."""
        log = self.env["crm.contact.log"].create({"partner_id": self.contact.id, "subject": "Paper"})
        other = self.env["crm.contact.log"].create({"partner_id": self.contact.id, "subject": "Toner"})
        self.env.flush_all()
        self.env.cr.execute("DELETE FROM crm_contact_log WHERE id = %s", [log.id])
        ids = (log | other).ids
        for forget in (lambda: None, self.env.invalidate_all):
            forget()
            self.Interaction._sync(log._name, ids)
            rows = self.rows(("res_model", "=", log._name), ("res_id", "in", ids))
            self.assertEqual(rows.mapped("res_id"), other.ids)
