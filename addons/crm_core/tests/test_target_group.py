from psycopg2.errors import CheckViolation

from odoo.exceptions import UserError, ValidationError
from odoo.fields import Command
from odoo.tests import Form, new_test_user, tagged
from odoo.tools import mute_logger

from .target_group_common import TargetGroupCommon


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
