from io import BytesIO
from unittest.mock import patch

from openpyxl import load_workbook

from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged

from .target_group_common import TargetGroupCommon

JOB = "odoo.addons.crm_core.models.crm_target_group_job"


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
