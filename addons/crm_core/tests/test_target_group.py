from datetime import timedelta
from io import BytesIO
from unittest.mock import patch

from openpyxl import load_workbook
from psycopg2.errors import CheckViolation

from odoo import fields
from odoo.exceptions import AccessError, LockError, UserError, ValidationError
from odoo.fields import Command
from odoo.tests import Form, new_test_user, tagged
from odoo.tools import mute_logger

from .common import CrmCoreCommon

JOB = "odoo.addons.crm_core.models.crm_target_group_job"
REFRESH = "odoo.addons.crm_core.models.crm_target_group_refresh"


class TargetGroupCommon(CrmCoreCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.Group = cls.env["crm.target.group"]
        cls.Member = cls.env["crm.target.group.member"]
        cls.tag = cls.env["res.partner.category"].create({"name": "Of this test"})
        cls.buyer = cls.make_tagged("Buyer")
        cls.late = cls.make_tagged("Late")
        cls.never = cls.make_tagged("Never bought")
        cls.everybody = cls.buyer | cls.late | cls.never
        for days in (95, 65, 35, 5):
            cls.order(cls.buyer, [(cls.paper, 4), (cls.toner, 1)], days_ago=days)
        for days in (300, 280, 260, 240):
            cls.order(cls.late, [(cls.paper, 2)], days_ago=days)
        cls.Dirty._fold()

    @classmethod
    def make_tagged(cls, name, **values):
        return cls.make_customer(name, category_id=[Command.link(cls.tag.id)], **values)

    @classmethod
    def group(cls, *conditions, **values):
        domain = [("category_id", "in", cls.tag.ids), *conditions]
        return cls.Group.create({"name": "Group", "domain": repr(domain), **values})

    @classmethod
    def static(cls, partners, **values):
        group = cls.Group.create({"name": "Picked", "kind": "static", **values})
        if partners:
            group._add_partners(partners)
        return group

    def assert_members(self, group, partners):
        group.action_refresh()
        self.assertEqual(group.member_ids.partner_id, partners)
        self.assertEqual(group.member_count, len(partners))


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


@tagged("post_install", "-at_install")
class TestTargetGroup(TargetGroupCommon):
    def test_dynamic_group_follows_its_conditions(self):
        group = self.group(("crm_order_count", ">", 0))
        self.assert_members(group, self.buyer | self.late)
        self.order(self.never, [(self.paper, 1)])
        self.late.active = False
        self.Dirty._fold()
        before = group.member_ids.filtered(lambda member: member.partner_id == self.buyer)
        self.assert_members(group, self.buyer | self.never)
        self.assertIn(before, group.member_ids, "who stays, stays the same row")

    def test_members_carry_the_facts_of_the_refresh(self):
        group = self.group()
        group.action_refresh()
        member = group.member_ids.filtered(lambda member: member.partner_id == self.buyer)
        self.assertRecordValues(
            member, [{"lifecycle": "active", "order_count": 4, "commercial_partner_id": self.buyer.id}]
        )
        self.order(self.buyer, [(self.paper, 1)])
        self.Dirty._fold()
        group.action_refresh()
        self.assertEqual(member.order_count, 5)

    def test_size_shows_while_editing_and_nothing_is_saved(self):
        form = Form(self.Group)
        form.name = "Editing"
        form.domain = repr([("category_id", "in", self.tag.ids)])
        self.assertEqual(form.preview_count, 3)
        form.domain = repr([("category_id", "in", self.tag.ids), ("crm_order_count", ">", 0)])
        self.assertEqual(form.preview_count, 2)
        group = form.save()
        self.assertFalse(group.member_ids)

    def test_broken_conditions_are_said_and_refused(self):
        for domain in ("[('no_such_field', '=', 1)]", "[(", "[('id', '=', 'x')]", "__import__('os')"):
            group = self.Group.create({"name": "Broken", "domain": domain})
            with mute_logger("odoo.sql_db"):
                self.assertTrue(group.preview_error, domain)
            self.assertFalse(group.preview_count)

    def test_preset_writes_the_conditions(self):
        form = Form(self.Group)
        for preset, _label in self.Group._fields["preset"].selection:
            form.preset = preset
            self.assertFalse(form.preview_error, preset)
        self.assertEqual(form.name, "Late against their own rhythm")
        form.save()

    def test_customers_or_all_their_people(self):
        person = self.env["res.partner"].create(
            {"name": "Bea", "parent_id": self.buyer.id, "category_id": [Command.link(self.tag.id)]}
        )
        self.assert_members(self.group(), self.everybody)
        self.assert_members(self.group(member_type="contact"), self.everybody | person)

    def test_our_own_people_are_no_audience(self):
        user = new_test_user(self.env, "tg_ours", groups="base.group_user")
        user.partner_id.category_id = self.tag
        self.assert_members(self.group(), self.everybody)

    def test_static_group_has_who_was_picked(self):
        group = self.static(self.buyer)
        group._add_partners(self.buyer | self.late)
        self.assertEqual(group.member_ids.partner_id, self.buyer | self.late)
        self.assertEqual(group.member_count, 2)
        self.assert_members(group, self.buyer | self.late)
        group.member_ids.filtered(lambda member: member.partner_id == self.late).unlink()
        self.assertEqual((group.member_ids.partner_id, group.member_count), (self.buyer, 1))

    def test_contacts_picked_for_customers_stand_for_their_company(self):
        person = self.env["res.partner"].create({"name": "Bea", "parent_id": self.buyer.id})
        self.assertEqual(self.static(person).member_ids.partner_id, self.buyer)
        self.assertEqual(self.static(person, member_type="contact").member_ids.partner_id, person)

    def test_members_of_a_dynamic_group_are_not_picked(self):
        group = self.group()
        group.action_refresh()
        with self.assertRaises(UserError):
            self.Member.create({"group_id": group.id, "partner_id": self.customer.id})
        with self.assertRaises(UserError):
            group.member_ids.unlink()

    def test_list_is_imported_by_reference_or_email(self):
        self.buyer.ref = "C-1001"
        self.late.email = "Late@Example.com"
        group = self.static(self.env["res.partner"])
        here = self.Member.with_context(default_group_id=group.id)
        result = here.load(["customer_key"], [["C-1001"], ["late@example.com "], ["C-1001"]])
        self.assertFalse(result["messages"])
        self.assertEqual(group.member_ids.partner_id, self.buyer | self.late)

    def test_import_tells_each_row_that_fails_and_imports_nothing(self):
        self.buyer.ref = "C-1001"
        self.late.ref = self.never.ref = "twice"
        group = self.static(self.env["res.partner"])
        result = self.Member.with_context(default_group_id=group.id).load(
            ["customer_key"], [["C-1001"], ["nobody"], ["twice"]]
        )
        self.assertFalse(result["ids"])
        by_row = result["messages"][1:]  # the first is about the batch as a whole
        self.assertEqual([message["rows"]["from"] for message in by_row], [1, 2])
        self.assertIn("No customer has", by_row[0]["message"])
        self.assertIn("several customers", by_row[1]["message"])
        self.assertFalse(group.member_ids)

    def test_combined_includes_and_excludes(self):
        buyers = self.group(("crm_order_count", ">", 0))
        silent = self.static(self.never | self.late)
        group = self.Group.create(
            {
                "name": "Combined",
                "kind": "combined",
                "include_ids": [Command.set((buyers | silent).ids)],
                "exclude_ids": [Command.set(self.group(("crm_lifecycle", "=", "lost")).ids)],
            }
        )
        self.assert_members(group, self.buyer | self.never)
        self.assertEqual(buyers.member_count, 2, "the parts are refreshed first")

    def test_excluding_a_customer_excludes_the_people_there(self):
        person = self.env["res.partner"].create(
            {"name": "Bea", "parent_id": self.buyer.id, "category_id": [Command.link(self.tag.id)]}
        )
        people = self.group(member_type="contact")
        self.assert_members(people, self.everybody | person)
        group = self.Group.create(
            {
                "name": "Combined",
                "kind": "combined",
                "member_type": "contact",
                "include_ids": [Command.set(people.ids)],
                "exclude_ids": [Command.set(self.static(self.buyer).ids)],
            }
        )
        self.assert_members(group, self.late | self.never)

    def test_group_can_not_be_a_part_of_itself(self):
        first = self.group()
        values = {"kind": "combined", "name": "C"}
        second = self.Group.create({**values, "include_ids": [Command.set(first.ids)]})
        third = self.Group.create(
            {**values, "include_ids": [Command.set(first.ids)], "exclude_ids": [Command.set(second.ids)]}
        )
        with self.assertRaises(ValidationError):
            second.include_ids |= third
        with self.assertRaises(ValidationError):
            second.include_ids |= second
        with self.assertRaises(ValidationError):
            self.Group.create(values)

    def test_snapshot_keeps_members_and_facts_of_its_day(self):
        group = self.group(("crm_order_count", ">", 0), control_share=50)
        group.action_refresh()
        snapshot = self.Group.browse(group.action_snapshot()["res_id"])
        frozen = snapshot.member_ids.mapped(lambda member: (member.partner_id, member.is_control))
        self.late.active = False
        self.order(self.buyer, [(self.paper, 1)])
        self.Dirty._fold()
        group.action_refresh()
        self.assertEqual(group.member_ids.partner_id, self.buyer)
        self.assertEqual(
            snapshot.member_ids.mapped(lambda member: (member.partner_id, member.is_control)), frozen
        )
        self.assertEqual(snapshot.member_count, 2)
        member = snapshot.member_ids.filtered(lambda member: member.partner_id == self.buyer)
        self.assertEqual(member.order_count, 4)
        self.assertEqual(group.snapshot_ids, snapshot)
        with self.assertRaises(UserError):
            snapshot.action_refresh()
        with self.assertRaises(UserError):
            snapshot.member_ids.unlink()
        with self.assertRaises(UserError):
            snapshot.kind = "static"
        self.assertEqual(snapshot.copy().kind, "static")

    def test_control_group_is_stable_and_near_its_share(self):
        customers = self.env["res.partner"].create(
            [
                {"name": f"C{number}", "is_company": True, "category_id": [Command.link(self.tag.id)]}
                for number in range(400)
            ]
        )
        group = self.group(control_share=20, control_seed=7)
        group.action_refresh()
        control = group.member_ids.filtered("is_control").partner_id
        self.assertAlmostEqual(len(control) / 403, 0.2, delta=0.08)
        self.assertEqual(group.control_count, len(control))
        group.action_refresh()
        self.assertEqual(group.member_ids.filtered("is_control").partner_id, control)
        group.control_share = 40
        group.action_refresh()
        more = group.member_ids.filtered("is_control").partner_id
        self.assertFalse(control - more, "a larger share only adds")
        self.assertGreater(len(more), len(control))
        self.assertFalse(group._member_partners() & more)
        self.assertEqual(group._member_partners(include_control=True), self.everybody | customers)
        twin = self.group(control_share=40, control_seed=8)
        twin.action_refresh()
        self.assertNotEqual(twin.member_ids.filtered("is_control").partner_id, more)

    def test_people_of_one_customer_are_in_the_control_group_together(self):
        people = self.env["res.partner"].create(
            [
                {"name": f"P{number}", "parent_id": parent.id, "category_id": [Command.link(self.tag.id)]}
                for parent in self.everybody
                for number in range(6)
            ]
        )
        group = self.group(member_type="contact", control_share=50)
        group.action_refresh()
        self.assertEqual(group.member_count, 3 + len(people))
        for members in group.member_ids.grouped("commercial_partner_id").values():
            self.assertEqual(len(set(members.mapped("is_control"))), 1)

    def test_control_share_is_at_most_half(self):
        with self.assertRaises(CheckViolation), mute_logger("odoo.sql_db"):
            self.group(control_share=51)

    def test_refreshing_takes_few_queries_whatever_the_number(self):
        group = self.group()
        group.action_refresh()
        self.make_tagged("One more")
        self.env.flush_all()
        self.env.invalidate_all()
        with self.assertQueryCount(20):
            group.action_refresh()
            self.env.flush_all()

    def test_merged_customers_are_members_once(self):
        group = self.static(self.buyer | self.late)
        other = self.static(self.late)
        wizard = self.env["base.partner.merge.automatic.wizard"].create({})
        wizard._merge((self.buyer | self.late).ids, self.buyer)
        self.env.invalidate_all()
        self.assertEqual(group.member_ids.partner_id, self.buyer)
        self.assertEqual(len(group.member_ids), 1)
        self.assertEqual(other.member_ids.partner_id, self.buyer)
        self.assertEqual(other.member_ids.commercial_partner_id, self.buyer)

    def test_deleted_customer_leaves_no_member(self):
        group = self.static(self.never | self.buyer)
        self.never.unlink()
        self.assertEqual(group.member_ids.partner_id, self.buyer)

    def test_partner_knows_its_groups(self):
        group = self.static(self.buyer)
        self.assertEqual(self.buyer.crm_target_group_ids, group)
        self.assertEqual(self.buyer.crm_target_group_count, 1)
        self.assertIn(group.id, self.buyer.action_crm_target_groups()["domain"][0][2])
        Partner = self.env["res.partner"]
        tagged_domain = ("category_id", "in", self.tag.ids)
        self.assertEqual(
            Partner.search([tagged_domain, ("crm_target_group_ids", "in", group.ids)]), self.buyer
        )
        self.assertEqual(
            Partner.search([tagged_domain, ("crm_target_group_ids", "=", False)]), self.late | self.never
        )

    def test_facts_of_the_members_are_those_of_their_companies(self):
        Stat = self.env["crm.customer.stat"]
        person = self.env["res.partner"].create({"name": "Bea", "parent_id": self.late.id})
        for group in (
            self.static(self.buyer | self.late),
            self.static(self.buyer | person, member_type="contact"),
        ):
            found = Stat.search(group.action_view_facts()["domain"])
            self.assertEqual(found.partner_id, self.buyer | self.late)

    def test_customers_of_a_list_are_added_to_a_group(self):
        stats = self.env["crm.customer.stat"].search([("partner_id", "in", self.everybody.ids)])
        context = {"active_model": "crm.customer.stat", "active_ids": stats.ids}
        wizard = self.env["crm.target.group.add"].with_context(**context).create({"name": "Fair"})
        self.assertEqual(wizard.partner_count, 2)
        wizard.action_add()
        group = self.Group.search([("name", "=", "Fair")])
        self.assertEqual((group.kind, group.member_ids.partner_id), ("static", self.buyer | self.late))
        self.env["crm.target.group.add"].create(
            {"group_id": group.id, "partner_ids": [Command.set(self.never.ids)]}
        ).action_add()
        self.assertEqual(group.member_count, 3)


@tagged("post_install", "-at_install")
class TestTargetGroupNight(TargetGroupCommon):
    def run_cron(self):
        with patch.object(type(self.env["ir.cron"]), "_commit_progress", lambda *args, **kwargs: 60):
            self.Group._cron_refresh()

    def test_failing_group_says_so_and_stops_no_other(self):
        self.Group.search([]).active = False
        broken = self.Group.create({"name": "Broken", "domain": "[('no_such_field', '=', 1)]"})
        group = self.group(("crm_order_count", ">", 0))
        with self.assertLogs(REFRESH, "WARNING"):
            self.run_cron()
        self.assertEqual(group.member_ids.partner_id, self.buyer | self.late)
        self.assertIn("can't be read", broken.refresh_error)
        broken.domain = "[]"
        broken.action_refresh()
        self.assertFalse(broken.refresh_error)

    def test_night_sees_what_the_responsible_sees(self):
        seller = new_test_user(self.env, "tg_night", groups="crm_core.group_crm_core_user")
        self.buyer.user_id = seller
        self.late.user_id = new_test_user(self.env, "tg_other", groups="base.group_user")
        group = self.group(user_id=seller.id)
        self.run_cron()
        self.assertEqual(group.member_ids.partner_id, self.buyer | self.never)

    def test_group_of_somebody_who_left_is_not_refreshed(self):
        seller = new_test_user(self.env, "tg_left", groups="crm_core.group_crm_core_user")
        group = self.group(user_id=seller.id)
        seller.active = False
        with self.assertLogs(REFRESH, "WARNING"):
            self.run_cron()
        self.assertIn("does not work here any more", group.refresh_error)
        self.assertFalse(group.member_ids)

    def test_parts_come_before_what_is_combined_of_them(self):
        part = self.group(("crm_order_count", ">", 0))
        group = self.Group.create({"name": "C", "kind": "combined", "include_ids": [Command.set(part.ids)]})
        later = self.group()
        group.include_ids |= later
        self.run_cron()
        self.assertEqual(group.member_ids.partner_id, self.everybody)

    def test_fresh_groups_are_left_alone(self):
        group = self.group()
        group.action_refresh()
        self.make_tagged("New")
        self.run_cron()
        self.assertEqual(group.member_count, 3)
        group.attempted_at = fields.Datetime.now() - timedelta(hours=7)
        self.run_cron()
        self.assertEqual(group.member_count, 4)


@tagged("post_install", "-at_install")
class TestTargetGroupAccess(TargetGroupCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        new = new_test_user
        cls.seller = new(cls.env, "tg_seller", groups="sales_team.group_sale_salesman")
        cls.colleague = new(cls.env, "tg_colleague", groups="sales_team.group_sale_salesman")
        cls.all = new(cls.env, "tg_all", groups="crm_core.group_crm_core_all")
        cls.manager = new(cls.env, "tg_manager", groups="crm_core.group_crm_core_manager")
        cls.employee = new(cls.env, "tg_nobody", groups="base.group_user")
        cls.portal = new(cls.env, "tg_portal", groups="base.group_portal")
        cls.buyer.user_id = cls.seller
        cls.late.user_id = cls.colleague

    def make(self, user, **values):
        domain = repr([("category_id", "in", self.tag.ids)])
        return self.Group.with_user(user).create({"name": f"Of {user.login}", "domain": domain, **values})

    def test_members_are_those_the_refreshing_user_may_see(self):
        for user, expected in (
            (self.seller, self.buyer | self.never),
            (self.colleague, self.late | self.never),
            (self.all, self.everybody),
            (self.manager, self.everybody),
        ):
            group = self.make(user)
            self.assertEqual(group.preview_count, len(expected), user.login)
            group.action_refresh()
            self.assertEqual(group.member_ids.partner_id, expected, user.login)
            self.assertEqual(group._member_partners(), expected, user.login)

    def test_seller_reads_groups_of_others_and_only_his_customers_in_them(self):
        group = self.make(self.manager)
        group.action_refresh()
        his = group.with_user(self.seller)
        self.assertEqual(his.name, "Of tg_manager")
        self.assertEqual(his.member_ids.partner_id, self.buyer | self.never)
        self.assertEqual(his._member_partners(), self.buyer | self.never)

    def test_team_mates_share(self):
        self.env["crm.team"].create(
            {"name": "North", "member_ids": [Command.set((self.seller | self.colleague).ids)]}
        )
        group = self.make(self.seller)
        group.action_refresh()
        self.assertEqual(group.member_ids.partner_id, self.everybody)

    def test_group_combined_of_others_holds_only_what_the_user_may_see(self):
        wide = self.make(self.manager)
        wide.action_refresh()
        group = self.Group.with_user(self.seller).create(
            {"name": "C", "kind": "combined", "include_ids": [Command.set(wide.ids)]}
        )
        group.action_refresh()
        self.assertEqual(group.sudo().member_ids.partner_id, self.buyer | self.never)

    def test_only_the_responsible_and_managers_edit(self):
        group = self.make(self.colleague, kind="static")
        for user in (self.seller, self.all):
            his = group.with_user(user)
            for act in (
                lambda his=his: his.write({"name": "Mine now"}),
                lambda his=his: his.action_refresh(),
                lambda his=his: his.action_snapshot(),
                lambda his=his: his.unlink(),
                lambda his=his: his._add_partners(self.never),
            ):
                with self.assertRaises(AccessError):
                    act()
        group.with_user(self.manager).write({"name": "Managed"})
        group.with_user(self.manager).action_refresh()

    def test_nobody_lends_himself_the_rights_of_another(self):
        for user in (self.seller, self.all):
            with self.assertRaises(AccessError):
                self.make(user, user_id=self.manager.id)
            group = self.make(user)
            with self.assertRaises(AccessError):
                group.user_id = self.manager
        self.make(self.manager).user_id = self.seller

    def test_nobody_picks_or_edits_members_behind_the_groups_back(self):
        group = self.make(self.seller, kind="static")
        with self.assertRaises(AccessError):
            group._add_partners(self.late)
        members = group._add_partners(self.buyer)
        with self.assertRaises(AccessError):
            members.with_user(self.seller).write({"is_control": True})
        Job = self.env["crm.target.group.job"].with_user(self.seller)
        with self.assertRaises(AccessError):
            Job.create({"group_id": group.id, "kind": "export", "user_id": self.manager.id})
        with self.assertRaises(UserError):
            self.make(self.seller, kind="snapshot")

    def test_employee_without_role_and_portal_have_no_access(self):
        models = (
            "crm.target.group",
            "crm.target.group.member",
            "crm.target.group.job",
            "crm.target.group.add",
            "crm.target.group.activity",
        )
        for user in (self.employee, self.portal):
            for model in models:
                for operation in ("read", "write", "create", "unlink"):
                    self.assertFalse(self.env[model].with_user(user).has_access(operation), model)

    def test_companies_are_apart(self):
        group = self.group()
        group.action_refresh()
        other = self.env["res.company"].create({"name": "Elsewhere"})
        outsider = new_test_user(
            self.env,
            "tg_outsider",
            groups="crm_core.group_crm_core_manager",
            company_id=other.id,
            company_ids=[Command.set(other.ids)],
        )
        self.assertFalse(self.Group.with_user(outsider).search([("id", "=", group.id)]))
        self.assertFalse(self.Member.with_user(outsider).search([("group_id", "=", group.id)]))
        with self.assertRaises(AccessError):
            group.with_user(outsider).action_refresh()

    def test_members_belong_to_the_company_of_the_group(self):
        other = self.env["res.company"].create({"name": "Elsewhere"})
        self.make_tagged("Theirs", company_id=other.id)
        self.env.user.company_ids |= other
        self.assert_members(self.group(), self.everybody)


@tagged("post_install", "-at_install")
class TestTargetGroupActions(TargetGroupCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.seller = new_test_user(
            cls.env,
            "tg_act",
            groups="sales_team.group_sale_salesman_all_leads,base.group_allow_export",
        )
        cls.picked = cls.static(cls.everybody).with_user(cls.seller)
        cls.picked.sudo().user_id = cls.seller

    def work(self):
        with patch.object(type(self.env["ir.cron"]), "_commit_progress", lambda *args, **kwargs: 60):
            self.env["crm.target.group.job"]._cron_work()
        self.env.invalidate_all()

    def leave_alone(self, partner):
        self.picked.sudo().member_ids.filtered(lambda m: m.partner_id == partner).is_control = True

    def test_offers_for_all_but_the_control_group(self):
        self.leave_alone(self.late)
        batch = self.env["crm.offer.batch"].browse(self.picked.action_make_offers()["res_id"])
        self.assertEqual(batch.line_ids.partner_id, self.buyer | self.never)
        self.assertEqual(batch.user_id, self.seller)
        empty = self.static(self.env["res.partner"])
        with self.assertRaises(UserError):
            empty.action_make_offers()

    def test_activity_for_every_member_by_salesperson(self):
        self.leave_alone(self.never)
        other = new_test_user(self.env, "tg_act_other", groups="sales_team.group_sale_salesman")
        self.late.user_id = other
        wizard = (
            self.env["crm.target.group.activity"]
            .with_user(self.seller)
            .create({"group_id": self.picked.id, "summary": "Spring catalog"})
        )
        job = self.env["crm.target.group.job"].browse(wizard.action_schedule()["res_id"])
        with patch(f"{JOB}.MEMBERS_PER_STEP", 1):
            self.work()
        self.assertRecordValues(job, [{"state": "done", "done_count": 2, "total_count": 2, "progress": 100}])
        activities = self.env["mail.activity"].search([("summary", "=", "Spring catalog")])
        self.assertEqual(
            {(activity.res_id, activity.user_id) for activity in activities},
            {(self.buyer.id, self.seller), (self.late.id, other)},
        )
        self.work()
        self.assertEqual(self.env["mail.activity"].search_count([("summary", "=", "Spring catalog")]), 2)

    def export(self):
        job = self.env["crm.target.group.job"].browse(self.picked.action_export()["res_id"])
        self.work()
        return job

    def test_export_is_safe_from_formulas(self):
        self.never.name = '=HYPERLINK("http://evil")'
        self.late.name = "@SUM(1)"
        self.buyer.write({"name": "+1-1", "phone": "-2+3", "ref": "\tx", "email": "a@example.com"})
        job = self.export()
        self.assertEqual((job.state, job.message), ("done", False))
        sheet = load_workbook(BytesIO(self.content(job))).active
        rows = list(sheet.iter_rows(min_row=2))
        names = {row[0].value for row in rows}
        self.assertEqual(names, {'=HYPERLINK("http://evil")', "@SUM(1)", "+1-1"})
        for row in rows:
            for cell in row:
                self.assertNotEqual(cell.data_type, "f", cell.value)

    def content(self, job):
        attachment = self.env["ir.attachment"].search(
            [("res_model", "=", job._name), ("res_id", "=", job.id), ("res_field", "=", "file")]
        )
        return attachment.raw

    def test_export_has_the_facts_of_each_member(self):
        self.leave_alone(self.late)
        job = self.export()
        sheet = load_workbook(BytesIO(self.content(job))).active
        rows = list(sheet.iter_rows(values_only=True))
        self.assertEqual(rows[0][0], "Member")
        by_name = {row[0]: dict(zip(rows[0], row, strict=True)) for row in rows[1:]}
        self.assertEqual(set(by_name), {"Buyer", "Late", "Never bought"})
        self.assertEqual(by_name["Buyer"]["Orders"], 4)
        self.assertEqual(by_name["Buyer"]["Lifecycle"], "Active")
        self.assertEqual(by_name["Late"]["Control Group"], "x")
        self.assertEqual(by_name["Buyer"]["Last Order"].date(), self.at(5).date())

    def test_export_is_for_those_who_may_export_and_for_who_asked(self):
        job = self.export()
        other = new_test_user(self.env, "tg_export", groups="crm_core.group_crm_core_manager")
        other.group_ids -= self.env.ref("base.group_allow_export")
        with self.assertRaises(AccessError):
            self.picked.with_user(other).action_export()
        self.assertFalse(self.env["crm.target.group.job"].with_user(other).search([("id", "=", job.id)]))
        self.assertIn(f"/{job.id}/file/", job.with_user(self.seller).action_download()["url"])
        with self.assertRaises(AccessError):
            job.with_user(other).action_download()

    def test_failing_job_says_so_and_stops_no_other(self):
        first = self.env["crm.target.group.job"].browse(self.picked.action_export()["res_id"])
        second = self.env["crm.target.group.job"].browse(self.picked.action_export()["res_id"])
        original = type(first)._run_export

        def fail_first(job):
            if job == first:
                raise ZeroDivisionError
            return original(job)

        with patch.object(type(first), "_run_export", fail_first), self.assertLogs(JOB, "WARNING"):
            self.work()
        self.assertEqual((first.state, second.state), ("failed", "done"))
        first.with_user(self.seller).action_retry()
        self.work()
        self.assertEqual(first.state, "done")

    def test_export_can_be_stopped_half_way(self):
        job = self.env["crm.target.group.job"].browse(self.picked.action_export()["res_id"])
        progress = []

        def press_stop(*args, **kwargs):
            progress.append(job.done_count)
            if job.done_count == 2:
                job.with_user(self.seller).action_cancel()
            return 60

        with (
            patch(f"{JOB}.MEMBERS_PER_STEP", 1),
            patch.object(type(self.env["ir.cron"]), "_commit_progress", press_stop),
        ):
            self.env["crm.target.group.job"]._cron_work()
        self.assertEqual((job.state, job.file, job.done_count), ("cancelled", False, 2))
        self.assertIn(1, progress)

    def test_reference_column_can_be_chosen_when_importing(self):
        fields_tree = self.env["base_import.import"].get_fields_tree("crm.target.group.member")
        self.assertIn("customer_key", [field["name"] for field in fields_tree])
        action = self.picked.action_import()
        self.assertEqual(action["params"]["context"], {"default_group_id": self.picked.id})

    def test_old_exports_are_deleted(self):
        job = self.export()
        self.env["crm.target.group.job"]._gc_jobs()
        self.assertTrue(job.exists())
        self.env.cr.execute(
            "UPDATE crm_target_group_job SET write_date = write_date - interval '40 days' WHERE id = %s",
            (job.id,),
        )
        self.env.invalidate_all()
        self.env["crm.target.group.job"]._gc_jobs()
        self.assertFalse(job.exists())


@tagged("post_install", "-at_install")
class TestTargetGroupLock(TargetGroupCommon):
    def test_second_refresh_at_the_same_time_is_told_to_wait(self):
        group = self.group()
        with (
            patch.object(type(group), "lock_for_update", side_effect=LockError("held")),
            self.assertRaisesRegex(UserError, "being refreshed by somebody else"),
        ):
            group.action_refresh()
        self.assertFalse(group.member_ids)
