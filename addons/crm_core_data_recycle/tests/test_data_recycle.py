from datetime import timedelta

from odoo import fields
from odoo.exceptions import AccessError, ValidationError
from odoo.tests import new_test_user, tagged

from odoo.addons.crm_core.tests.common import CrmCoreCommon


@tagged("post_install", "-at_install")
class TestDataRecycle(CrmCoreCommon):
    """Retention rules of the ERP: what goes, what is made nobody, and who is left alone."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.Record = cls.env["data_recycle.record"]
        cls.prospects = cls.env.ref("crm_core_data_recycle.recycle_prospects")
        cls.logs = cls.env.ref("crm_core_data_recycle.recycle_contact_logs")
        cls.leads = cls.env.ref("crm_core_data_recycle.recycle_lost_leads")
        cls.old = cls.prospect("Old Prospect")

    @classmethod
    def prospect(cls, name, years_ago=4, **values):
        person = cls.env["res.partner"].create({"name": name, "email": "someone@example.com", **values})
        cls.env.cr.execute(
            "UPDATE res_partner SET create_date = %s WHERE id = %s",
            [fields.Datetime.now() - timedelta(days=366 * years_ago), person.id],
        )
        person.invalidate_recordset()
        return person

    def proposed(self, rule):
        """What a rule proposes, of whatever these tests made."""
        rule.active = True
        rule._recycle_records()
        return set(self.Record.search([("recycle_model_id", "=", rule.id)]).mapped("res_id"))

    def validate(self, rule, record, user=None):
        todo = self.Record.search([("recycle_model_id", "=", rule.id), ("res_id", "=", record.id)])
        self.assertTrue(todo)
        todo.with_user(user or self.env.user).action_validate()
        return todo.exists()

    def log(self, person, years_ago):
        return self.env["crm.contact.log"].create(
            {
                "partner_id": person.id,
                "subject": "Talk",
                "date": fields.Datetime.now() - timedelta(days=366 * years_ago),
            }
        )

    def test_rules_come_switched_off(self):
        for rule in self.prospects | self.logs | self.leads:
            self.assertFalse(rule.active)
            self.assertEqual(rule.recycle_mode, "manual")

    def test_silent_prospects_are_made_nobody_and_not_proposed_again(self):
        self.assertIn(self.old.id, self.proposed(self.prospects))
        self.assertEqual(self.old.name, "Old Prospect", "nothing goes without a person")
        self.assertFalse(self.validate(self.prospects, self.old))
        self.assertFalse(self.old.email)
        self.assertNotIn("Old Prospect", self.old.name)
        self.assertTrue(
            self.env["crm.privacy.log"].search(
                [("partner_id", "=", self.old.id), ("action", "=", "anonymized")]
            )
        )
        self.old.active = True
        self.assertNotIn(self.old.id, self.proposed(self.prospects))

    def test_customers_their_people_and_new_prospects_are_none(self):
        customer = self.prospect("Buyer")
        self.order(customer, [(self.paper, 1)])
        company = self.prospect("Buying Company", is_company=True)
        self.order(company, [(self.paper, 1)])
        colleague = self.prospect("Colleague", parent_id=company.id)
        new = self.prospect("New", years_ago=1)
        account = new_test_user(self.env, "recycle_portal", groups="base.group_portal").partner_id
        found = self.proposed(self.prospects)
        self.assertFalse(found & {customer.id, company.id, colleague.id, new.id, account.id})

    def test_whoever_was_in_contact_since_is_left_alone(self):
        self.log(self.old, years_ago=1)
        long_ago = self.prospect("Long Ago")
        self.log(long_ago, years_ago=5)
        self.env.flush_all()
        self.old._crm_sync_pending_interactions()
        found = self.proposed(self.prospects)
        self.assertNotIn(self.old.id, found)
        self.assertIn(long_ago.id, found)

    def test_contact_between_proposal_and_validation_counts(self):
        self.assertIn(self.old.id, self.proposed(self.prospects))
        self.log(self.old, years_ago=0)
        self.old._crm_sync_pending_interactions()
        self.assertFalse(self.validate(self.prospects, self.old))
        self.assertEqual(self.old.name, "Old Prospect")

    def test_restricted_persons_are_left_alone_by_every_rule(self):
        log = self.log(self.old, years_ago=4)
        lead = self.lost_lead(self.old)
        for rule, record in ((self.prospects, self.old), (self.logs, log), (self.leads, lead)):
            with self.subTest(rule.name):
                self.assertIn(record.id, self.proposed(rule))
        self.old._crm_set_restricted(True)
        for rule, record in ((self.prospects, self.old), (self.logs, log), (self.leads, lead)):
            with self.subTest(rule.name):
                self.validate(rule, record)
                self.assertTrue(record.exists(), "restricted after it was proposed")
                self.assertNotIn(record.id, self.proposed(rule))
        self.assertEqual((self.old.name, self.old.active), ("Old Prospect", True))
        self.old._crm_set_restricted(False)
        self.assertIn(log.id, self.proposed(self.logs))

    def lost_lead(self, person):
        lead = self.env["crm.lead"].create({"name": "Lost", "type": "opportunity", "partner_id": person.id})
        lead.action_set_lost()
        lead.date_closed = fields.Datetime.now() - timedelta(days=366 * 4)
        return lead

    def test_old_logs_and_lost_opportunities_are_deleted_and_their_rows_go(self):
        log, lead = self.log(self.old, years_ago=4), self.lost_lead(self.old)
        young = self.log(self.old, years_ago=1)
        self.proposed(self.logs)
        self.proposed(self.leads)
        self.validate(self.logs, log)
        self.validate(self.leads, lead)
        self.assertFalse(log.exists() or lead.exists())
        self.assertTrue(young.exists())
        self.old._crm_sync_pending_interactions()
        rows = self.env["crm.interaction"].search([("partner_id", "=", self.old.id)])
        self.assertEqual(rows.mapped("res_id"), young.ids)

    def test_what_is_left_of_an_anonymized_person_may_go(self):
        log = self.log(self.old, years_ago=4)
        self.old._crm_anonymize()
        self.assertTrue(self.old.crm_is_restricted)
        self.assertIn(log.id, self.proposed(self.logs))

    def test_whom_it_can_not_do_stays_in_the_list_with_the_reason(self):
        self.proposed(self.prospects)
        other = self.prospect("Other Prospect")
        self.proposed(self.prospects)
        self.bill(self.old, self.training, 10, days_ago=1500)
        self.env.cr.execute("DELETE FROM crm_interaction WHERE partner_id = %s", [self.old.id])
        records = self.Record.search(
            [("recycle_model_id", "=", self.prospects.id), ("res_id", "in", [self.old.id, other.id])]
        )
        records.action_validate()
        self.assertEqual(records.exists().res_id, self.old.id)
        self.assertIn("not paid", records.exists().crm_refusal)
        self.assertEqual(self.old.name, "Old Prospect")
        self.assertNotEqual(other.name, "Other Prospect")

    def test_automatic_rule_does_it_by_the_scheduled_action(self):
        self.prospects.write({"active": True, "recycle_mode": "automatic"})
        self.prospects.domain = f"[('id', '=', {self.old.id})]"
        self.env["data_recycle.model"].search([])._recycle_records()
        self.assertNotEqual(self.old.name, "Old Prospect")

    def test_administrators_of_the_system_alone_anonymize_nobody(self):
        admin = new_test_user(self.env, "recycle_system", groups="base.group_system")
        self.proposed(self.prospects)
        self.validate(self.prospects, self.old, user=admin)
        self.assertEqual(self.old.name, "Old Prospect")
        admin.group_ids |= self.env.ref("crm_core.group_crm_core_manager")
        self.validate(self.prospects, self.old, user=admin)
        self.assertNotEqual(self.old.name, "Old Prospect")

    def test_managers_without_the_system_see_no_rules(self):
        manager = new_test_user(self.env, "recycle_manager", groups="crm_core.group_crm_core_manager")
        with self.assertRaises(AccessError):
            self.Record.with_user(manager).search([])

    def test_only_contacts_are_anonymized_and_never_at_once(self):
        with self.assertRaises(ValidationError):
            self.logs.recycle_action = "anonymize"
        with self.assertRaises(ValidationError):
            self.prospects.time_field_delta = 0
