from odoo.tests import new_test_user, tagged

from .common import CrmCoreCommon


@tagged("post_install", "-at_install")
class TestFactCheck(CrmCoreCommon):
    def setUp(self):
        super().setUp()
        self.manager = new_test_user(self.env, "facts_manager", groups="crm_core.group_crm_core_manager")
        self.Check = self.env["crm.fact.check"]
        # Rows of the database at hand are not ours to judge: start from complete facts.
        ids = self.env["res.partner"].with_context(active_test=False).search([]).commercial_partner_id.ids
        self.Stat._refresh(self.company, ids)
        order = self.order(self.customer, [(self.paper, 10)])
        self.deliver(order)
        self.invoice(order)

    def test_facts_agree_with_the_reports(self):
        check = self.Check._check_facts(self.company)
        self.assertTrue(check.is_equal, check.read())
        self.assertFalse(check.activity_ids)

    def test_difference_tells_the_manager_once(self):
        self.Dirty._fold()
        self.env.cr.execute(
            "UPDATE crm_customer_stat SET ordered_total = ordered_total + 500 WHERE partner_id = %s",
            [self.customer.id],
        )
        self.Stat.invalidate_model()
        check = self.Check._check_facts(self.company)
        self.assertFalse(check.is_equal)
        self.assertIn(self.manager, check.activity_ids.user_id)
        again = self.Check._check_facts(self.company)
        self.assertNotIn(self.manager, again.activity_ids.user_id)

    def test_collecting_anew_mends_it(self):
        self.Dirty._fold()
        self.env.cr.execute("DELETE FROM crm_customer_stat WHERE partner_id = %s", [self.customer.id])
        self.Stat.invalidate_model()
        check = self.Check._check_facts(self.company)
        self.assertFalse(check.is_equal)
        check.with_user(self.manager).action_rebuild()
        run = self.env["crm.customer.rebuild"].search(
            [("company_id", "=", self.company.id), ("state", "=", "waiting")]
        )
        while run.state in ("waiting", "running"):
            run._work()
        self.assertTrue(self.Check._check_facts(self.company).is_equal)
