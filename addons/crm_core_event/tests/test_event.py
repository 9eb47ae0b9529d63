from datetime import timedelta

from odoo import fields
from odoo.tests import new_test_user, tagged

from odoo.addons.crm_core.tests.common import CrmCoreCommon
from odoo.addons.crm_core_event import SOURCE, post_init_hook, uninstall_hook


@tagged("post_install", "-at_install")
class TestEvent(CrmCoreCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        now = fields.Datetime.now()
        cls.fair = cls.env["event.event"].create(
            {"name": "Spring fair", "date_begin": now, "date_end": now + timedelta(days=1)}
        )

    def register(self, partner, **values):
        return self.env["event.registration"].create(
            {"event_id": self.fair.id, "partner_id": partner.id, **values}
        )

    def rows(self, user=None):
        customer = self.customer.with_user(user) if user else self.customer
        return customer.crm_timeline(kinds=["event"])["rows"]

    def outcomes(self):
        return sorted(row["outcome"] for row in self.rows())

    def test_registered_attended_cancelled(self):
        registration = self.register(self.contact)
        self.assertEqual(self.outcomes(), ["Registered"])
        self.assertEqual(self.rows()[0]["subject"], "Spring fair")
        registration.action_set_done()
        self.assertEqual(self.outcomes(), ["Attended", "Registered"])
        registration.action_cancel()
        self.assertEqual(self.outcomes(), ["Cancelled", "Registered"])
        registration.active = False
        self.assertFalse(self.rows())

    def test_each_reader_is_told_in_his_language(self):
        self.register(self.contact)
        customer = self.translate_choice("event.registration", "state", "open", "Inscrit")
        self.fair.with_context(lang="fr_FR").name = "Salon de printemps"
        (row,) = customer.crm_timeline(kinds=["event"])["rows"]
        self.assertEqual((row["subject"], row["outcome"]), ("Salon de printemps", "Inscrit"))
        self.assertEqual((self.rows()[0]["subject"], self.outcomes()), ("Spring fair", ["Registered"]))

    def test_unconfirmed_registration_has_none(self):
        self.register(self.contact, state="draft")
        self.assertFalse(self.rows())

    def test_who_may_not_read_registrations_does_not_see_them(self):
        self.register(self.contact)
        user = new_test_user(self.env, "event_user", groups="crm_core.group_crm_core_all")
        self.assertFalse(self.rows(user))
        user.group_ids |= self.env.ref("event.group_event_registration_desk")
        self.assertTrue(self.rows(user))

    def test_anonymizing_forgets_who_came(self):
        self.contact.write({"name": "Zyx Quibbleby", "email": "zyx@quibbleby.example.com"})
        colleague = self.make_customer("Colleague", email="colleague@example.com")
        own = self.register(self.contact)
        by_another = self.register(colleague, name="Zyx Q.", email="Zyx@Quibbleby.example.com")
        for_another = self.register(self.contact, name="Guest", email="guest@example.com")
        question = self.env["event.question"].create({"title": "Diet", "question_type": "text_box"})
        self.env["event.registration.answer"].create(
            {"registration_id": own.id, "question_id": question.id, "value_text_box": "No nuts, Quibbleby"}
        )
        self.assert_anonymizing_forgets(self.contact, "quibbleby")
        self.assertEqual((own | by_another).mapped("name"), [False, False])
        self.assertEqual(own.state, "open", "that somebody came is kept")
        self.assertEqual(for_another.email, "guest@example.com", "that is somebody else")

    def test_earlier_registrations_join_and_go_with_the_addon(self):
        self.register(self.contact)
        self.assertTrue(self.rows())
        self.assert_timeline_follows_the_addon(SOURCE, post_init_hook, uninstall_hook, self.rows)
