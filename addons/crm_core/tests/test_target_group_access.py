from datetime import timedelta
from unittest.mock import patch

from odoo import fields
from odoo.exceptions import AccessError, LockError, UserError
from odoo.fields import Command
from odoo.tests import new_test_user, tagged

from .target_group_common import TargetGroupCommon

REFRESH = "odoo.addons.crm_core.models.crm_target_group_refresh"


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


@tagged("post_install", "-at_install", "thorough")
class TestTargetGroupLock(TargetGroupCommon):
    def test_second_refresh_at_the_same_time_is_told_to_wait(self):
        group = self.group()
        with (
            patch.object(type(group), "lock_for_update", side_effect=LockError("held")),
            self.assertRaisesRegex(UserError, "being refreshed by somebody else"),
        ):
            group.action_refresh()
        self.assertFalse(group.member_ids)
