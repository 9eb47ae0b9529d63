import json
from ast import literal_eval
from datetime import datetime, timedelta

from lxml import etree

from odoo.exceptions import AccessError
from odoo.fields import Domain
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from .test_portal import PortalCase

MODELS = ("sale.order", "sale.order.line", "account.move", "account.move.line")


@tagged("post_install", "-at_install", "thorough")
class TestPortalDocuments(PortalCase):
    """The ERP's own pages and models: who sees the orders and invoices of a customer.

    The customer has an order and an invoice of the company, one of the main contact and one of the colleague.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.owners = {
            "company": cls.customer,
            "main": cls.main.partner_id,
            "colleague": cls.colleague.partner_id,
            "stranger": cls.stranger.partner_id,
        }
        cls.admin = new_test_user(cls.env, "portal.manager", groups="crm_core.group_crm_core_manager")
        cls.orders, cls.invoices = {}, {}
        for name, partner in cls.owners.items():
            cls.orders[name] = cls.order(partner, [(cls.training, 1)])
            cls.invoices[name] = cls.invoice(cls.orders[name])

    def seen(self, user, model="sale.order"):
        """Whose documents a user finds, each way of reading giving the same."""
        documents = self.orders if model.startswith("sale") else self.invoices
        lines = {"sale.order.line": "order_line", "account.move.line": "line_ids"}.get(model)
        records = {name: one[lines] if lines else one for name, one in documents.items()}
        ids = [id_ for one in records.values() for id_ in one.ids]
        Model = self.env[model].with_user(user)
        self.env.invalidate_all()
        found = Model.search([("id", "in", ids)])
        self.assertEqual(found, Model.browse(ids)._filtered_access("read"))
        self.assertEqual(Model.search_count([("id", "in", ids)]), len(found))
        return {name for name, one in records.items() if set(one.ids) <= set(found.ids)}

    def all_seen(self, user):
        """The same for orders, invoices and the lines of both."""
        seen = {model: self.seen(user, model) for model in MODELS}
        self.assertEqual(len(set(map(frozenset, seen.values()))), 1, seen)
        return seen["sale.order"]

    # Models -----------------------------------------------------------

    def test_person_sees_the_own_documents_and_the_main_contact_all(self):
        self.assertEqual(self.all_seen(self.colleague), {"colleague"})
        self.assertEqual(self.all_seen(self.main), {"company", "main", "colleague"})
        self.assertEqual(self.all_seen(self.stranger), {"stranger"})

    def test_what_the_main_contact_allows_holds_at_once_and_ends_at_once(self):
        person = self.colleague.partner_id
        self.assertEqual(self.all_seen(self.colleague), {"colleague"})
        self.main.partner_id._crm_portal_allow({person.id})
        self.assertEqual(self.all_seen(self.colleague), {"company", "main", "colleague"})
        self.main.partner_id._crm_portal_allow(set())
        self.assertEqual(self.all_seen(self.colleague), {"colleague"})

    def test_another_main_contact_takes_over(self):
        self.customer.crm_main_contact_id = self.colleague.partner_id
        self.assertEqual(self.all_seen(self.colleague), {"company", "main", "colleague"})
        self.assertEqual(self.all_seen(self.main), {"main"})
        self.customer.crm_main_contact_id = False
        self.assertEqual(self.all_seen(self.colleague), {"colleague"})

    def test_filter_finds_customers_whose_people_have_nobody_to_allow_them(self):
        view = self.env["res.partner"].with_user(self.admin).get_view(view_type="search")
        domain = etree.fromstring(view["arch"]).find(".//filter[@name='crm_no_main_contact']").get("domain")
        known = self.customer | self.stranger_customer
        found = self.env["res.partner"].search(Domain(literal_eval(domain)) & Domain("id", "in", known.ids))
        self.assertEqual(found, self.stranger_customer)

    def test_login_of_the_company_and_a_person_alone_see_everything_of_theirs(self):
        login = new_test_user(
            self.env, "portal.company", groups="base.group_portal", partner_id=self.customer.id
        )
        self.assertEqual(self.all_seen(login), {"company", "main", "colleague"})
        alone = self.env["res.partner"].create({"name": "Portal Alone", "email": "alone@example.com"})
        delivery = self.env["res.partner"].create(
            {"name": "Her cottage", "type": "delivery", "parent_id": alone.id}
        )
        self.orders = {"own": self.order(alone, [(self.training, 1)]), "cottage": self.order(delivery, [])}
        user = new_test_user(self.env, "portal.alone", groups="base.group_portal", partner_id=alone.id)
        self.assertEqual(self.seen(user), {"own", "cottage"})

    def test_address_of_delivery_or_invoice_is_enough(self):
        person = self.colleague.partner_id
        for field in ("partner_invoice_id", "partner_shipping_id"):
            with self.subTest(field=field):
                order = self.order(self.customer, [(self.training, 1)], **{field: person.id})
                self.orders = {"shared": order}
                for model in ("sale.order", "sale.order.line"):
                    self.assertEqual(self.seen(self.colleague, model), {"shared"})
        invoice = self.bill(self.customer, self.training, 10, partner_shipping_id=person.id)
        self.invoices = {"shared": invoice}
        for model in ("account.move", "account.move.line"):
            self.assertEqual(self.seen(self.colleague, model), {"shared"})

    def test_follower_sees_the_document_he_was_sent(self):
        person = self.colleague.partner_id
        self.orders["company"].message_subscribe(person.ids)
        self.invoices["company"].message_subscribe(person.ids)
        self.assertEqual(self.all_seen(self.colleague), {"company", "colleague"})
        self.orders["stranger"].message_subscribe(person.ids)
        self.assertEqual(self.seen(self.colleague), {"company", "colleague"}, "another customer's stays away")

    def test_documents_of_an_archived_contact_stay_with_the_readers(self):
        former = self.env["res.partner"].create({"name": "Portal Former", "parent_id": self.customer.id})
        self.orders = {"former": self.order(former, [(self.training, 1)])}
        former.active = False
        self.assertEqual(self.seen(self.main), {"former"})
        self.assertEqual(self.seen(self.colleague), set())

    def test_archived_main_contact_decides_nothing_for_others(self):
        self.main.active = False
        self.main.partner_id.active = False
        self.assertEqual(self.all_seen(self.colleague), {"colleague"})

    def test_documents_of_another_company_stay_there(self):
        other = self.env["res.company"].create({"name": "Portal Second"})
        order = self.env["sale.order"].create({"partner_id": self.customer.id, "company_id": other.id})
        order.state = "sent"
        self.orders = {"second": order}
        self.assertEqual(self.seen(self.main), set())
        companies = self.company | other
        for user, seen in ((self.main, order), (self.colleague, self.env["sale.order"])):
            user.company_ids |= other
            Order = self.env["sale.order"].with_user(user).with_context(allowed_company_ids=companies.ids)
            self.assertEqual(Order.search([("id", "=", order.id)]), seen, user.login)

    def test_right_stays_behind_when_a_person_changes_the_customer(self):
        person = self.colleague.partner_id
        person.crm_sees_business = True
        self.assertEqual(self.seen(self.colleague), {"company", "main", "colleague"})
        person.parent_id = self.stranger_customer
        self.env.flush_all()
        self.assertFalse(person.crm_sees_business)
        self.assertEqual(self.seen(self.colleague), {"colleague"})
        self.main.partner_id.parent_id = self.stranger_customer
        self.env.flush_all()
        self.assertFalse(self.customer.crm_main_contact_id)
        self.assertEqual(self.seen(self.main), {"main"})

    def test_right_given_with_the_move_is_kept(self):
        person = self.colleague.partner_id
        person.write({"parent_id": self.stranger_customer.id, "crm_sees_business": True})
        self.env.flush_all()
        self.assertTrue(person.crm_sees_business)
        self.assertEqual(self.seen(self.colleague), {"colleague", "stranger"})

    def test_merging_gives_no_right_to_another_customer(self):
        double = self.env["res.partner"].create(
            {"name": "Portal colleague", "parent_id": self.stranger_customer.id, "crm_sees_business": True}
        )
        person = self.colleague.partner_id
        wizard = self.env["base.partner.merge.automatic.wizard"].create({})
        wizard._merge((double | person).ids, person, extra_checks=False)
        self.assertFalse(person.crm_sees_business)
        double = self.env["res.partner"].create(
            {"name": "Portal colleague", "parent_id": self.customer.id, "crm_sees_business": True}
        )
        wizard._merge((double | person).ids, person, extra_checks=False)
        self.assertTrue(person.crm_sees_business)

    def test_deliveries_of_the_customer_are_for_the_readers(self):
        order = self.order(self.customer, [(self.paper, 1)])
        picking = order.picking_ids
        for user, seen in ((self.main, True), (self.colleague, False), (self.stranger, False)):
            with self.subTest(user=user.login):
                self.assertEqual(picking.with_user(user).has_access("read"), seen)

    def test_search_of_employees_is_the_same_sql_as_without_the_rules(self):
        rules = self.env["ir.rule"].browse(
            self.env.ref(f"crm_core.{name}_portal_person_rule").id
            for name in ("sale_order", "sale_order_line", "account_move", "account_move_line", "mail_message")
        )
        users = (
            self.salesperson,
            new_test_user(self.env, "portal.books", groups="account.group_account_invoice"),
        )

        def queries():
            return [
                str(self.env[model].with_user(user)._search(Domain("id", ">", 0)).select().code)
                for user in users
                for model in MODELS
                if self.env[model].with_user(user).has_access("read")
            ]

        with_rules = queries()
        rules.active = False
        self.assertEqual(queries(), with_rules)
        self.assertGreaterEqual(len(with_rules), 6)

    def test_reading_by_others_ways_obeys(self):
        Order = self.env["sale.order"].with_user(self.colleague)
        ids = [order.id for order in self.orders.values()]
        domain = [("id", "in", ids)]
        rows = Order._read_group(domain, ["partner_id"], ["amount_total:sum"])
        self.assertEqual([partner for partner, _total in rows], [self.colleague.partner_id])
        self.assertEqual(
            [row["id"] for row in Order.search_read(domain, ["name"])], self.orders["colleague"].ids
        )
        self.assertEqual([id_ for id_, _name in Order.name_search("", domain)], self.orders["colleague"].ids)
        with self.assertRaises(AccessError), mute_logger("odoo.addons.base.models.ir_rule"):
            Order.browse(self.orders["company"].id).read(["name"])
        with self.assertRaises(AccessError), mute_logger("odoo.addons.base.models.ir_rule"):
            self.orders["company"].order_line.with_user(self.colleague).read(["name"])

    # Messages ---------------------------------------------------------

    def test_conversation_of_a_person_is_not_the_colleagues(self):
        person = self.main.partner_id
        person._crm_portal_message("Between us", "Our next year's plans")
        message = person.message_ids.filtered(lambda one: one.subject == "Between us")
        note = self.customer.message_post(body="Hello company", subtype_xmlid="mail.mt_comment")
        for user in (self.colleague, self.stranger):
            Message = self.env["mail.message"].with_user(user)
            self.assertFalse(Message.search([("id", "in", (message | note).ids)]), user.login)
            self.assertFalse(Message.browse(message.id).has_access("read"), user.login)
        self.assertTrue(message.with_user(self.main).has_access("read"))
        self.assertEqual(
            self.env["mail.message"].with_user(self.main).search([("id", "=", message.id)]), message
        )
        for subject, partner in (("Between us", self.main.partner_id), ("Hello company", self.customer)):
            for user in (self.colleague, self.stranger):
                self.assertNotIn(subject, self.chatter(user, partner))
        self.assertIn("next year", self.chatter(self.main, self.main.partner_id))

    def chatter(self, user, partner):
        return self.rpc("/mail/chatter_fetch", user, thread_model="res.partner", thread_id=partner.id)

    # Pages ------------------------------------------------------------

    def assert_page(self, url, user, shown, hidden):
        page = self.get(url, user).text
        for document in shown:
            self.assertIn(document.name, page, (url, user and user.login))
        for document in hidden:
            self.assertNotIn(document.name, page, (url, user and user.login))

    def test_lists_of_the_portal_hold_what_the_person_may_see(self):
        quotations = {}
        for name, partner in self.owners.items():
            quotations[name] = self.quote(partner, [(self.training, 1)])
            quotations[name].state = "sent"
        for url, documents in (
            ("/my/orders", self.orders),
            ("/my/quotes", quotations),
            ("/my/invoices", self.invoices),
        ):
            business = [documents["company"], documents["main"]]
            own, strange = documents["colleague"], documents["stranger"]
            self.colleague.partner_id.crm_sees_business = False
            self.assert_page(url, self.colleague, [own], [*business, strange])
            self.assert_page(url, self.main, [*business, own], [strange])
            self.assert_page(url, self.stranger, [strange], [*business, own])
            self.colleague.partner_id.crm_sees_business = True
            self.assert_page(url, self.colleague, [*business, own], [strange])
            self.assertIn("/web/login", self.get(url).url)

    def test_page_of_a_document_opens_for_its_readers_and_by_its_token(self):
        for path, documents in (("orders", self.orders), ("invoices", self.invoices)):
            document = documents["company"]
            token = document._portal_ensure_token()
            url = f"/my/{path}/{document.id}"
            for user, seen in (
                (self.main, True),
                (self.colleague, False),
                (self.stranger, False),
                (None, False),
            ):
                with self.subTest(path=path, user=user and user.login):
                    self.assertEqual(document.name in self.get(url, user).text, seen)
                    self.assertIn(document.name, self.get(f"{url}?access_token={token}", user).text)
                    strange = f"/my/{path}/{documents['stranger'].id}?access_token={token}"
                    self.assertEqual(
                        documents["stranger"].name in self.get(strange, user).text, user == self.stranger
                    )

    def test_counters_of_the_home_count_what_the_person_may_see(self):
        self.orders["main"].state = "sent"
        names = ["quotation_count", "order_count", "invoice_count", "overdue_invoice_count"]
        nothing = self.person("nothing", self.customer)
        for user, quotations, orders in ((nothing, 0, 0), (self.colleague, 0, 1), (self.main, 1, 1)):
            counted = json.loads(self.rpc("/my/counters", user, counters=names))["result"]
            with self.subTest(user=user.login):
                self.assertEqual(
                    (counted["quotation_count"], counted["order_count"], counted["invoice_count"]),
                    (quotations, orders, orders),
                )

    def test_api_obeys(self):
        key = (
            self.env["res.users.apikeys"]
            .with_user(self.colleague)
            ._generate("rpc", "Portal test", datetime.now() + timedelta(hours=1))
        )
        ids = [order.id for order in self.orders.values()]
        body = {"domain": [["id", "in", ids]], "fields": ["name"]}
        answer = self.url_open(
            "/json/2/sale.order/search_read",
            data=json.dumps(body),
            headers={"Content-Type": "application/json", "Authorization": f"bearer {key}"},
        )
        self.assertEqual([row["name"] for row in answer.json()], [self.orders["colleague"].name])
        answer = self.rpc(
            "/web/dataset/call_kw/sale.order/search_read",
            self.colleague,
            model="sale.order",
            method="search_read",
            args=[body["domain"]],
            kwargs={"fields": ["name"]},
        )
        self.assertEqual(
            [row["name"] for row in json.loads(answer)["result"]], [self.orders["colleague"].name]
        )

    def test_person_signs_the_own_quotation_and_nobody_elses(self):
        signature = (
            "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
        )
        own = self.quote(self.colleague.partner_id, [(self.training, 1)], require_payment=False)
        foreign = self.quote(self.customer, [(self.training, 1)], require_payment=False)
        (own | foreign).state = "sent"
        for order in (own, foreign):
            with mute_logger("odoo.http"):
                self.rpc(
                    f"/my/orders/{order.id}/accept", self.colleague, name="Colleague", signature=signature
                )
        self.assertEqual((own.state, foreign.state), ("sale", "sent"))
        token = foreign._portal_ensure_token()
        self.rpc(
            f"/my/orders/{foreign.id}/accept", None, name="Visitor", signature=signature, access_token=token
        )
        self.assertEqual(foreign.state, "sale")

    def test_accepted_offer_is_a_quotation_that_its_person_opens(self):
        self.post(f"/my/offers/{self.colleagues_offer.id}/accept", self.colleague)
        order = self.colleagues_offer.sale_order_id
        self.assertIn(order.name, self.get(f"/my/orders/{order.id}", self.colleague).text)
        self.assertIn(order.name, self.get("/my/quotes", self.colleague).text)

    # What the portal tells of the customer itself -----------------------

    def test_facts_on_the_contact_are_closed_to_the_portal(self):
        names = [name for name in self.env["res.partner"]._fields if name.startswith("crm_")]
        open_fields = set(self.customer.with_user(self.main).fields_get(names))
        # The currency is that of the company he deals with.
        self.assertEqual(open_fields, {"crm_currency_id"}, "readable by API for every person of the customer")
