from datetime import timedelta

from odoo.tests import tagged

from .sla_common import SlaCommon, at

FIGURES = ("kpi_helpdesk_new", "kpi_helpdesk_solved", "kpi_helpdesk_kept")


@tagged("post_install", "-at_install")
class TestDigest(SlaCommon):
    """Figures of the helpdesk in the ERP's digest mail."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # A company of its own: others' tickets count in theirs.
        cls.branch = cls.env["res.company"].create({"name": "Branch", "resource_calendar_id": cls.office.id})
        cls.env.user.company_ids |= cls.branch
        for user in cls.anna | cls.lead:
            user.company_ids |= cls.branch
        cls.desk = cls.make_team("Desk", cls.anna, company_id=cls.branch.id)
        cls.desk.resource_calendar_id = cls.office
        cls.policy(4, company_id=cls.branch.id, team_ids=cls.desk.ids)
        cls.digest = cls.env["digest.digest"].create(
            {"name": "Digest", "company_id": cls.branch.id, **dict.fromkeys(FIGURES, True)}
        )

    def figures(self, begin, end, user=None):
        here = self.digest.with_user(user or self.lead).with_company(self.branch)
        here = here.with_context(start_datetime=at(begin), end_datetime=at(end))
        here.invalidate_recordset()
        return tuple(here[f"{name}_value"] for name in FIGURES)

    def test_digest_tells_what_came_was_solved_and_was_kept(self):
        first, second, third = (
            self.opened("03-02 09:00", team_id=self.desk.id, partner_id=False) for _number in range(3)
        )
        self.opened("03-02 09:00")  # of another company
        self.move(first, "03-02 11:00", self.solved)
        self.move(second, "03-03 16:00", self.solved)
        self.move(third, "03-02 11:00", self.cancelled)
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE helpdesk_ticket SET create_date = %s WHERE id = ANY(%s)",
            [at("03-02 09:00"), (first | second | third).ids],
        )
        self.assertEqual(self.figures("03-02 00:00", "03-03 00:00"), (3, 1, 50))
        self.assertEqual(self.figures("03-03 00:00", "03-04 00:00"), (0, 1, 0))
        self.assertEqual(self.figures("03-02 00:00", "03-04 00:00"), (3, 2, 50))
        self.assertEqual(self.figures("03-05 00:00", "03-06 00:00"), (0, 0, 0))

    def test_figures_are_for_who_sees_all_tickets(self):
        with self.moment("03-04 12:00"):
            self.opened("03-04 09:00", team_id=self.desk.id)
            rows = self.digest._compute_kpis(self.branch, self.lead)
            self.assertEqual({row["kpi_name"] for row in rows}, set(FIGURES))
            self.assertTrue(all("crm_helpdesk." in row["kpi_action"] for row in rows))
            self.assertFalse(self.digest._compute_kpis(self.branch, self.anna))

    def test_digest_of_no_company_is_of_the_reader_s(self):
        self.digest.company_id = False
        now = self.env.cr.now()
        self.ticket(team_id=self.desk.id)
        self.env.flush_all()
        here = self.digest.with_user(self.lead).with_company(self.branch)
        here = here.with_context(
            start_datetime=now - timedelta(hours=1), end_datetime=now + timedelta(hours=1)
        )
        self.assertEqual(here.kpi_helpdesk_new_value, 1)
