from odoo import Command
from odoo.exceptions import AccessError
from odoo.tests import new_test_user, tagged

from .common import CrmCoreCommon

DERIVED = ("crm.customer.stat", "crm.customer.product", "crm.product.stat", "crm.product.pair")
DECISIONS = ("crm.offer", "crm.offer.line", "crm.offer.batch", "crm.offer.batch.line")
MANAGED = ("crm.customer.rebuild", "crm.customer.rebuild.part", "crm.fact.check")


@tagged("post_install", "-at_install")
class TestAccess(CrmCoreCommon):
    """Each role allowed and denied, two companies, and the portal's blindness, for every model."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        new = new_test_user
        cls.user = new(cls.env, "core_user", groups="crm_core.group_crm_core_user")
        cls.colleague = new(cls.env, "core_colleague", groups="crm_core.group_crm_core_user")
        cls.all = new(cls.env, "core_all", groups="crm_core.group_crm_core_all")
        cls.manager = new(cls.env, "core_manager", groups="crm_core.group_crm_core_manager")
        cls.employee = new(cls.env, "core_employee", groups="base.group_user")
        cls.portal = new(cls.env, "core_portal", groups="base.group_portal")
        cls.portal.partner_id.parent_id = cls.customer

        cls.own = cls.make_customer("Own", user_id=cls.user.id)
        cls.others = cls.make_customer("Others", user_id=cls.colleague.id)
        cls.nobodys = cls.make_customer("Nobody's", user_id=False)
        cls.customers = cls.own | cls.others | cls.nobodys
        for customer in cls.customers:
            cls.order(customer, [(cls.paper, 2), (cls.stapler, 1)], days_ago=20)
        cls.company.crm_pair_min_orders = 1
        cls.order(cls.nobodys, [(cls.training, 1)], days_ago=9)
        cls.Dirty._fold()
        cls.env["crm.product.stat"]._refresh(cls.company)
        cls.env["crm.product.pair"]._refresh(cls.company)
        cls.offers = cls.env["crm.offer"].create(
            [
                {
                    "partner_id": customer.id,
                    "line_ids": [Command.create({"product_id": cls.paper.id})],
                }
                for customer in cls.customers
            ]
        )
        cls.batch = cls.env["crm.offer.batch"].create(
            {
                "user_id": cls.colleague.id,
                "line_ids": [Command.create({"partner_id": cls.others.id})],
            }
        )
        cls.env["crm.customer.rebuild"]._request(cls.company)._start()
        cls.env["crm.fact.check"].create({"company_id": cls.company.id})

    def seen(self, user, model, fname="partner_id"):
        return self.env[model].with_user(user).search([(fname, "in", self.customers.ids)])[fname]

    def test_user_sees_own_and_unassigned_customers(self):
        for model in ("crm.customer.stat", "crm.customer.product", "crm.offer"):
            self.assertEqual(self.seen(self.user, model), self.own | self.nobodys, model)
        lines = self.env["crm.offer.line"].with_user(self.user).search([("offer_id", "in", self.offers.ids)])
        self.assertEqual(len(lines), 2)

    def test_user_sees_customers_of_the_team(self):
        team = self.env["crm.team"].create(
            {"name": "North", "member_ids": [Command.set([self.colleague.id])]}
        )
        self.assertNotIn(self.others, self.seen(self.user, "crm.customer.stat"))
        team.member_ids |= self.user
        self.assertIn(self.others, self.seen(self.user, "crm.customer.stat"))
        self.assertEqual(self.others.with_user(self.user).crm_overview()["partner"]["id"], self.others.id)

    def test_team_leader_sees_customers_of_the_team(self):
        self.env["crm.team"].create(
            {
                "name": "South",
                "user_id": self.user.id,
                "member_ids": [Command.set([self.colleague.id])],
            }
        )
        self.assertIn(self.others, self.seen(self.user, "crm.customer.stat"))

    def test_all_customers_role_sees_all(self):
        for user in (self.all, self.manager):
            for model in ("crm.customer.stat", "crm.customer.product", "crm.offer"):
                self.assertEqual(self.seen(user, model), self.customers, model)

    def test_overview_and_all_public_methods_ask_whose_customer_it_is(self):
        calls = (
            lambda partner: partner.crm_overview(),
            lambda partner: partner.crm_overview_products(),
            lambda partner: partner.crm_suggest_offer(3),
            lambda partner: partner.crm_timeline(3),
            lambda partner: partner.crm_timeline_detail(1),
            lambda partner: partner.crm_upcoming(3),
            lambda partner: partner.crm_open_records("orders"),
            lambda partner: partner.crm_price_products([{"product_id": self.paper.id}]),
            lambda partner: partner.crm_create_quotation([{"product_id": self.paper.id}]),
            lambda partner: partner.crm_decline_product(self.paper.id),
        )
        for call in calls:
            for user in (self.user, self.employee, self.portal):
                with self.assertRaises(AccessError):
                    call(self.others.with_user(user))
        for call in calls[:4]:
            call(self.own.with_user(self.user))

    def test_nobody_edits_derived_rows(self):
        for user in (self.user, self.all, self.manager):
            for model in DERIVED:
                records = self.env[model].with_user(user)
                self.assertTrue(records.has_access("read"), model)
                for operation in ("write", "create", "unlink"):
                    self.assertFalse(records.has_access(operation), f"{model} {operation}")

    def test_employee_without_role_and_portal_see_nothing(self):
        for user in (self.employee, self.portal):
            for model in (*DERIVED, *DECISIONS, *MANAGED, "crm.customer.dirty"):
                for operation in ("read", "write", "create", "unlink"):
                    self.assertFalse(
                        self.env[model].with_user(user).has_access(operation),
                        f"{model} {operation}",
                    )

    def test_portal_user_of_the_customer_gets_no_facts_about_himself(self):
        self.order(self.customer, [(self.paper, 1)])
        self.Dirty._fold()
        partner = self.portal.partner_id.with_user(self.portal)
        with self.assertRaises(AccessError):
            partner.crm_overview()
        self.assertEqual(self.customer.with_user(self.portal)._crm_get_stats(), {})

    def test_managed_models_are_the_managers(self):
        for model in MANAGED:
            self.assertTrue(self.env[model].with_user(self.manager).search([]), model)
            for user in (self.user, self.all):
                self.assertFalse(self.env[model].with_user(user).has_access("read"), model)

    def test_batches_are_their_owners(self):
        Batch = self.env["crm.offer.batch"]
        self.assertFalse(Batch.with_user(self.user).search([("id", "=", self.batch.id)]))
        self.assertTrue(Batch.with_user(self.colleague).search([("id", "=", self.batch.id)]))
        self.assertTrue(Batch.with_user(self.all).search([("id", "=", self.batch.id)]))
        Line = self.env["crm.offer.batch.line"]
        self.assertFalse(Line.with_user(self.user).search([("batch_id", "=", self.batch.id)]))
        with self.assertRaises(AccessError):
            self.batch.with_user(self.user).action_generate()

    def test_nobody_lends_himself_the_rights_of_another(self):
        Batch = self.env["crm.offer.batch"]
        for user in (self.user, self.all):
            with self.assertRaises(AccessError):
                Batch.with_user(user).create({"user_id": self.manager.id})
            batch = Batch.with_user(user).create({})
            with self.assertRaises(AccessError):
                batch.user_id = self.manager
        self.assertTrue(Batch.with_user(self.manager).create({"user_id": self.user.id}))

    def test_companies_are_apart_in_every_model(self):
        outsider = new_test_user(
            self.env,
            "core_outsider",
            groups="crm_core.group_crm_core_manager",
            company_ids=[
                Command.set(self.env["res.company"].create({"name": "Elsewhere"}).ids),
            ],
            company_id=self.env["res.company"].search([("name", "=", "Elsewhere")], limit=1).id,
        )
        for model in (*DERIVED, *DECISIONS, *MANAGED):
            records = self.env[model].search([("company_id", "=", self.company.id)])
            self.assertTrue(records, model)
            visible = self.env[model].with_user(outsider).search([("id", "in", records.ids)])
            self.assertFalse(visible, model)
            with self.assertRaises(AccessError):
                records[:1].with_user(outsider).check_access("read")

    def test_outsider_can_not_infer_totals_by_grouping(self):
        groups = (
            self.env["crm.customer.stat"]
            .with_user(self.user)
            ._read_group([("partner_id", "in", self.customers.ids)], [], ["ordered_total:sum", "__count"])
        )
        self.assertEqual(groups, [(260.0, 2)])

    def test_history_shows_only_documents_the_reader_may_open(self):
        salesman = new_test_user(self.env, "core_salesman", groups="sales_team.group_sale_salesman")
        self.nobodys.sale_order_ids.user_id = self.colleague
        rows = self.nobodys.with_user(salesman).crm_timeline(20)["rows"]
        self.assertNotIn("order", [row["kind"] for row in rows])
        mine = self.order(self.nobodys, [(self.training, 1)])
        mine.user_id = salesman
        rows = self.nobodys.with_user(salesman).crm_timeline(20)["rows"]
        self.assertEqual([row["res_id"] for row in rows if row["kind"] == "order"], [mine.id])

    def test_user_without_sales_rights_reads_facts_but_makes_no_quotation(self):
        overview = self.own.with_user(self.user).crm_overview()
        self.assertFalse(overview["rights"]["create_quotation"])
        self.assertEqual(self.own.with_user(self.user).crm_timeline(5, channels=["document"])["rows"], [])
        with self.assertRaises(AccessError):
            self.own.with_user(self.user).crm_create_quotation([{"product_id": self.paper.id}])

    def test_selling_brings_the_matching_role(self):
        pairs = (
            ("sales_team.group_sale_salesman", "crm_core.group_crm_core_user"),
            ("sales_team.group_sale_salesman_all_leads", "crm_core.group_crm_core_all"),
            ("sales_team.group_sale_manager", "crm_core.group_crm_core_manager"),
        )
        for number, (sales, role) in enumerate(pairs):
            user = new_test_user(self.env, f"core_sales_{number}", groups=sales)
            self.assertTrue(user.has_group(role))
