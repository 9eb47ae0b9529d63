from odoo.exceptions import AccessError, ValidationError
from odoo.tests import Form, new_test_user, tagged

from .test_consent_event import ConsentCommon


@tagged("post_install", "-at_install")
class TestPreference(ConsentCommon):
    """How a person wants to be treated, and what is known of habits and tastes."""

    def wishes(self, person=None, **values):
        return self.env["crm.contact.preference"].create({"partner_id": (person or self.person).id, **values})

    def test_form_for_a_salesperson(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        action = self.person.with_user(self.user).action_crm_preferences()
        Preference = self.env["crm.contact.preference"].with_user(self.user)
        with Form(Preference.with_context(**action["context"])) as form:
            form.first_channel = "phone"
            form.lang = "fr_FR"
            with form.window_ids.new() as window:
                window.weekday = "2"
        self.assertEqual(form.record.partner_id, self.person)
        self.assertEqual(self.person.lang, "fr_FR")
        self.assertEqual(form.record.window_ids.display_name, "Wednesday 9:00–17:00")
        again = self.person.with_user(self.user).action_crm_preferences()
        self.assertEqual(again["res_id"], form.record.id)

    def test_nonsense_is_refused(self):
        wishes = self.wishes(first_channel="phone")
        with self.assertRaises(ValidationError):
            wishes.second_channel = "phone"
        with self.assertRaises(ValidationError):
            self.wishes()

    def test_habits_are_typed_and_found(self):
        reseller = self.wishes(properties={"purchase_purpose": "resale"})
        self.wishes(self.make_person("Other"), properties={"purchase_purpose": "own_use"})
        found = self.env["crm.contact.preference"].search([("properties.purchase_purpose", "=", "resale")])
        self.assertIn(reseller, found)
        self.assertEqual(found.partner_id & (self.person | reseller.partner_id), self.person)
        partners = self.env["res.partner"].search(
            [("crm_preference_ids.properties.purchase_purpose", "=", "resale")]
        )
        self.assertIn(self.person, partners)

    def test_merging_keeps_the_wishes_and_the_lowest_limit(self):
        twin = self.make_person("Twin")
        topic = self.env["crm.contact.topic"].create({"name": "Paper of the region"})
        other = self.wishes(twin, first_channel="letter", contact_limit=1, topic_ids=[(4, topic.id)])
        self.env["crm.contact.window"].create({"preference_id": other.id})
        own = self.wishes(first_channel="phone", contact_limit=4)
        wizard = self.env["base.partner.merge.automatic.wizard"].create({})
        wizard._merge([self.person.id, twin.id], self.person)
        self.env.invalidate_all()
        self.assertEqual(self.person.crm_preference_ids, own)
        self.assertEqual((own.first_channel, own.contact_limit, own.topic_ids), ("phone", 1, topic))
        self.assertEqual(len(own.window_ids), 1)

    def test_only_for_own_customers(self):
        colleague = new_test_user(self.env, "preference_colleague", groups="crm_core.group_crm_core_user")
        wishes = self.wishes()
        self.person.user_id = colleague
        self.assertTrue(wishes.with_user(colleague).has_access("write"))
        with self.assertRaises(AccessError):
            wishes.with_user(self.user).contact_limit = 1
