from odoo.exceptions import AccessError
from odoo.tests import new_test_user, tagged

from .target_group_common import TargetGroupCommon


@tagged("post_install", "-at_install")
class TestTargetGroupConditions(TargetGroupCommon):
    """What can be asked of a customer; each condition as the editor writes it."""

    def found(self, *conditions):
        return self.env["res.partner"].search([("category_id", "in", self.tag.ids), *conditions])

    def test_facts_of_the_customer(self):
        self.assertEqual(self.found(("crm_order_count", ">", 2)), self.buyer | self.late)
        self.assertEqual(self.found(("crm_last_order_date", ">=", "today -30d")), self.buyer)
        self.assertEqual(self.found(("crm_last_order_date", "<", "today -30d")), self.late)
        self.assertEqual(self.found(("crm_lifecycle", "=", "lost")), self.late)
        self.assertEqual(self.found(("crm_lifecycle", "in", ["lost", "active"])), self.buyer | self.late)

    def test_who_has_no_facts_has_none_bought_and_none_owed(self):
        self.assertEqual(self.found(("crm_order_count", "=", 0)), self.never)
        self.assertEqual(self.found(("crm_order_count", "<", 5)), self.everybody)
        self.assertEqual(self.found(("crm_order_count", "!=", 0)), self.buyer | self.late)
        self.assertEqual(self.found(("crm_lifecycle", "!=", "lost")), self.buyer | self.never)
        self.assertEqual(self.found(("crm_lifecycle", "=", False)), self.never)
        self.assertEqual(self.found(("crm_last_order_date", "!=", False)), self.buyer | self.late)

    def test_values_agree_with_conditions(self):
        self.assertRecordValues(
            self.buyer | self.never,
            [
                {"crm_order_count": 4, "crm_lifecycle": "active", "crm_average_order": 210.0},
                {"crm_order_count": 0, "crm_lifecycle": False, "crm_average_order": 0.0},
            ],
        )
        self.assertEqual(self.buyer.crm_bought_product_ids, self.paper | self.toner)

    def test_contacts_have_the_facts_of_their_company(self):
        person = self.env["res.partner"].create({"name": "Bea", "parent_id": self.buyer.id})
        self.assertEqual(person.crm_order_count, 4)
        found = self.env["res.partner"].search([("id", "=", person.id), ("crm_order_count", "=", 4)])
        self.assertEqual(found, person)

    def test_conditions_on_behavior_leave_objectors_out(self):
        self.late._crm_record_consent("profiling", "objected", None)
        behavior = (
            ("crm_order_count", ">", 2),
            ("crm_bought_product_ids", "in", self.paper.ids),
            ("crm_bought_product_ids.list_price", "=", self.paper.list_price),
            ("commercial_partner_id", "any", [("crm_order_count", ">", 2)]),
        )
        for condition in behavior:
            group = self.group(condition)
            self.assertEqual((group.preview_count, group.preview_error), (1, False), condition)
            self.assert_members(group, self.buyer)
        self.assert_members(self.group(("crm_overdue", "=", 0)), self.everybody)
        self.assert_members(self.group(), self.everybody)
        self.late._crm_record_consent("profiling", "granted", None)
        self.assert_members(self.group(behavior[0]), self.buyer | self.late)
        self.env.ref("crm_core.consent_purpose_profiling").legal_basis = "consent"
        self.assert_members(self.group(behavior[0]), self.late)

    def test_products_bought_and_not_bought(self):
        toner, paper = self.toner.ids, self.paper.ids
        self.assertEqual(self.found(("crm_bought_product_ids", "in", toner)), self.buyer)
        self.assertEqual(self.found(("crm_bought_product_ids", "not in", toner)), self.late | self.never)
        self.assertEqual(
            self.found(("crm_bought_product_ids", "in", paper), ("crm_bought_product_ids", "not in", toner)),
            self.late,
        )
        self.assertEqual(self.found(("crm_bought_product_ids", "=", False)), self.never)
        self.assertEqual(self.found(("crm_bought_product_ids", "ilike", "Toner XL")), self.buyer)
        self.assertEqual(
            self.found(("crm_bought_product_ids.list_price", "=", self.toner.list_price)), self.buyer
        )

    def test_products_due(self):
        self.assertEqual(self.found(("crm_due_product_ids", "in", self.paper.ids)), self.late)
        self.assertEqual(self.late.crm_due_product_ids, self.paper)
        self.assertFalse(self.buyer.crm_due_product_ids)
        self.assertEqual(self.found(("crm_due_product_ids", "=", False)), self.buyer | self.never)

    def test_several_conditions_on_one_product(self):
        def bought(day):
            condition = [("product_id", "=", self.paper.id), ("last_date", "<", day)]
            return self.found(("crm_product_fact_ids", "any", condition))

        self.assertEqual(bought("today -30d"), self.late)
        self.assertEqual(bought("today"), self.buyer | self.late)
        self.assertEqual(self.found(("crm_product_fact_ids.times_bought", "=", 4)), self.buyer | self.late)
        self.assertEqual(self.found(("crm_product_fact_ids", "=", False)), self.never)
        self.assertEqual(self.buyer.crm_product_fact_ids.product_id, self.paper | self.toner)

    def test_contacts_of_a_channel_since_a_day(self):
        Log = self.env["crm.contact.log"]
        Log.create({"partner_id": self.buyer.id, "channel": "phone", "date": self.at(10), "subject": "Call"})
        Log.create({"partner_id": self.late.id, "channel": "email", "date": self.at(100), "subject": "Mail"})
        self.env.flush_all()
        self.env.cr.precommit.run()
        for condition, expected in (
            (("crm_last_contact_date", ">=", "today -30d"), self.buyer),
            (("crm_last_contact_date", "<", "today -30d"), self.late | self.never),
            (("crm_last_call_date", "<", "today -5d"), self.everybody),
            (("crm_last_call_date", "!=", False), self.buyer),
            (("crm_last_email_date", ">=", "today -120d"), self.late),
            (("crm_last_contact_date", "=", False), self.never),
        ):
            self.assertEqual(self.found(condition), expected, condition)
        self.assertEqual(self.buyer.crm_last_call_date, self.at(10))
        self.assertFalse(self.buyer.crm_last_email_date)

    def test_orders_are_no_contacts(self):
        self.assertFalse(self.buyer.crm_last_contact_date)

    def test_facts_are_of_the_current_company(self):
        other = self.env["res.company"].create({"name": "Elsewhere"})
        self.env.user.company_ids |= other
        there = self.env["res.partner"].with_company(other)
        self.assertFalse(there.search([("id", "in", self.everybody.ids), ("crm_order_count", ">", 0)]))
        self.assertEqual(self.buyer.with_company(other).crm_order_count, 0)

    def test_employee_without_role_can_not_ask(self):
        employee = new_test_user(self.env, "tg_employee", groups="base.group_user")
        with self.assertRaises(AccessError):
            self.env["res.partner"].with_user(employee).search([("crm_overdue", ">", 0)])
