from odoo import Command, fields
from odoo.tests import HttpCase, new_test_user, tagged

from odoo.addons.crm_core.tests.test_consent_event import ConsentCommon
from odoo.addons.crm_core_mass_mailing import SOURCE, post_init_hook, uninstall_hook
from odoo.addons.mass_mailing.tests.common import MassMailCommon


@tagged("post_install", "-at_install")
class TestMailingConsent(ConsentCommon, MassMailCommon, HttpCase):
    """Whoever did not agree gets no mailing, and who opts out took the consent back."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.survey = cls.env.ref("crm_core.consent_purpose_survey")
        cls.friend = cls.make_person("Friend")
        cls.refuser = cls.make_person("Refuser")
        cls.silent = cls.make_person("Silent")
        cls.people = cls.friend | cls.refuser | cls.silent
        cls.friend._crm_record_consent("offers", "granted", "email")
        cls.refuser._crm_record_consent("offers", "granted", "email")
        cls.refuser._crm_record_consent("offers", "withdrawn", "email")
        cls.mailing = cls.make_mailing("res.partner", [("id", "in", cls.people.ids)])

    @classmethod
    def make_mailing(cls, model, domain, **values):
        return cls.env["mailing.mailing"].create(
            {
                "name": "Paper",
                "subject": "Paper is cheap",
                "body_html": "<p>Paper <a href='https://example.com/unsubscribe_from_list'>no more</a></p>",
                "mailing_model_id": cls.env["ir.model"]._get(model).id,
                "mailing_domain": domain,
                "mailing_type": "mail",
                "email_from": "shop@example.com",
                "keep_archives": True,
                "user_id": cls.env.user.id,
                **values,
            }
        )

    def send(self, mailing=None):
        with self.mock_mail_gateway():
            (mailing or self.mailing).action_send_mail()
            self.env["mail.mail"].search([("mailing_id", "=", (mailing or self.mailing).id)]).filtered(
                lambda mail: mail.state == "outgoing"
            ).send()
        return sorted(address for mail in self._mails for address in mail["email_to"])

    def trace(self, res_id, mailing=None):
        return self.env["mailing.trace"].search(
            [("mass_mailing_id", "=", (mailing or self.mailing).id), ("res_id", "=", res_id)]
        )

    def assert_stopped(self, trace, words):
        self.assertEqual((trace.trace_status, trace.failure_type), ("cancel", "crm_consent"))
        self.assertIn(words, trace.failure_reason)

    def test_only_who_agreed_gets_it_and_the_reason_is_said(self):
        self.assertEqual(self.mailing.crm_purpose_id.code, "offers")
        self.assertEqual(self.send(), ['"Friend" <friend@example.com>'])
        self.assertEqual(self.trace(self.friend.id).trace_status, "sent")
        self.assert_stopped(self.trace(self.refuser.id), "Withdrew consent for offers by e-mail")
        self.assert_stopped(self.trace(self.silent.id), "No consent for offers by e-mail")
        self.assertFalse(self._new_mails.filtered(lambda mail: mail.state == "outgoing"))

    def test_another_purpose_asks_for_another_consent(self):
        self.silent._crm_record_consent("survey", "granted", "email")
        self.mailing.crm_purpose_id = self.survey
        self.assertEqual(self.send(), ['"Silent" <silent@example.com>'])
        self.assert_stopped(self.trace(self.friend.id), "No consent for surveys")

    def test_no_between_making_and_sending(self):
        """Mails lie in the queue; one person says no before they leave."""
        self.silent._crm_record_consent("offers", "granted", "email")
        with self.mock_mail_gateway():
            self.env["ir.config_parameter"].sudo().set_param("mail.mail.force.send.limit", "0")
            self.mailing.action_send_mail()
            queued = self.env["mail.mail"].search(
                [("mailing_id", "=", self.mailing.id), ("state", "=", "outgoing")]
            )
            self.assertEqual(len(queued), 2, "both are waiting")
            self.friend._crm_record_consent("offers", "objected", None)
            queued.send()
        self.assertEqual([mail["email_to"] for mail in self._mails], [['"Silent" <silent@example.com>']])
        self.assert_stopped(self.trace(self.friend.id), "Objected to offers by e-mail")
        self.assertEqual(self.trace(self.silent.id).trace_status, "sent")
        self.assertEqual(set(queued.exists().mapped("state")), {"sent", "cancel"})

    def test_no_of_a_forgotten_duplicate_stops_the_mail(self):
        twin = self.make_person("Twin", email="Friend@example.com", active=False)
        twin._crm_record_consent("offers", "objected", "email")
        self.assertEqual(self.send(), [])
        self.assert_stopped(self.trace(self.friend.id), "Objected")

    def test_merged_persons_stay_refused(self):
        wizard = self.env["base.partner.merge.automatic.wizard"].create({})
        wizard._merge([self.friend.id, self.refuser.id], self.friend)
        self.env.invalidate_all()
        self.assertEqual(self.send(), [])

    def test_check_before_sending(self):
        action = self.mailing.action_crm_check_consent()
        self.assertIn("1 of 3 recipients may get it", action["params"]["message"])

    def test_other_models_go_by_the_person_behind(self):
        other = self.make_person("Other")
        other._crm_record_consent("offers", "objected")
        leads = self.env["crm.lead"].create(
            [
                {"name": "A", "partner_id": self.friend.id, "email_from": self.friend.email},
                {"name": "B", "partner_id": self.refuser.id, "email_from": self.refuser.email},
                {"name": "C", "email_from": "stranger@example.com"},
                {"name": "D", "email_from": "OTHER@example.com"},
            ]
        )
        mailing = self.make_mailing("crm.lead", [("id", "in", leads.ids)])
        self.assertEqual(len(self.send(mailing)), 1)
        self.assertEqual(self.trace(leads[0].id, mailing).trace_status, "sent")
        self.assert_stopped(self.trace(leads[1].id, mailing), "Withdrew")
        self.assert_stopped(self.trace(leads[2].id, mailing), "Nobody known")
        self.assert_stopped(self.trace(leads[3].id, mailing), "Objected")

    def test_target_group_as_recipients(self):
        group = self.env["crm.target.group"].create(
            {
                "name": "Friends",
                "member_type": "contact",
                "domain": repr([("id", "in", self.people.ids)]),
            }
        )
        group.action_refresh()
        action = group.action_new_mailing()
        mailing = (
            self.env["mailing.mailing"]
            .with_context(**action["context"])
            .create(
                {
                    "subject": "Hi",
                    "body_html": "<p>Hello</p>",
                    "email_from": "shop@example.com",
                    "user_id": self.env.user.id,
                }
            )
        )
        self.assertEqual(mailing.mailing_model_real, "res.partner")
        self.assertEqual(self.env["res.partner"].browse(mailing._get_recipients()), self.people)
        self.assertEqual(self.send(mailing), ['"Friend" <friend@example.com>'])
        self.assert_stopped(self.trace(self.refuser.id, mailing), "Withdrew")
        self.assertEqual(group.mailing_count, 1)
        self.assertEqual(self.env["mailing.mailing"].search(group.action_view_mailings()["domain"]), mailing)
        narrowed = mailing.copy({"mailing_domain": [("id", "=", self.silent.id)]})
        self.assertEqual(narrowed.crm_target_group_ids, group)
        self.assertEqual(narrowed._get_recipients(), self.silent.ids)

    def test_responsible_reaches_his_own_customers_alone(self):
        marketer = new_test_user(
            self.env,
            "mailing_seller",
            groups="mass_mailing.group_mass_mailing_user,crm_core.group_crm_core_user",
        )
        self.friend.user_id = self.manager
        group = self.env["crm.target.group"].create(
            {
                "name": "All",
                "member_type": "contact",
                "domain": repr([("id", "in", self.people.ids)]),
            }
        )
        group.action_refresh()
        mailing = self.make_mailing(
            "res.partner", [], crm_target_group_ids=[Command.set(group.ids)], user_id=marketer.id
        )
        group.user_id = marketer
        recipients = self.env["res.partner"].browse(mailing._get_recipients())
        self.assertEqual(recipients, self.refuser | self.silent)

    # A contact like others --------------------------------------------

    def rows(self, person=None, user=None):
        person = person or self.friend
        return (person.with_user(user) if user else person).crm_timeline()["rows"]

    def test_mailing_is_one_contact(self):
        for keep in (True, False):
            mailing = self.mailing.copy({"keep_archives": keep, "user_id": self.env.user.id})
            self.send(mailing)
            rows = [row for row in self.rows() if row["direction"] == "out"]
            self.assertEqual([(row["kind"], row["channel"]) for row in rows], [("mailing", "email")])
            self.assertEqual(rows[0]["subject"], "Paper is cheap")
            self.assertFalse(self.rows(self.refuser), "what was stopped is no contact")
            trace = self.trace(self.friend.id, mailing)
            trace.set_opened()
            self.assertEqual(len(self.rows()), 1, "opened: the same contact")
            trace.set_bounced()
            self.assertFalse(self.rows(), "it did not arrive")

    def test_mailings_count_towards_the_limit_of_contacts(self):
        self.env["crm.contact.preference"].create(
            {"partner_id": self.friend.id, "contact_limit": 1, "contact_limit_days": 7}
        )
        self.assertEqual(len(self.send()), 1)
        self.assertIn("Contacted 1 times in 7 days", self.may(self.friend)[1])
        again = self.mailing.copy()
        self.assertEqual(self.send(again), [])
        self.assert_stopped(self.trace(self.friend.id, again), "agreed are 1 at most")

    def test_mailings_to_leads_and_lists_are_contacts_of_the_person(self):
        lead = self.env["crm.lead"].create(
            {"name": "A", "partner_id": self.friend.id, "email_from": self.friend.email}
        )
        self.send(self.make_mailing("crm.lead", [("id", "=", lead.id)]))
        self.assertEqual([row["kind"] for row in self.rows()].count("mailing"), 1)
        news = self.make_list(self.friend)
        self.send(
            self.make_mailing(
                "mailing.list", [("list_ids", "in", news.ids)], contact_list_ids=[Command.set(news.ids)]
            )
        )
        self.assertEqual([row["kind"] for row in self.rows()].count("mailing"), 2)

    def test_who_may_not_read_mailings_does_not_see_them(self):
        self.send()
        user = new_test_user(self.env, "mailing_reader", groups="crm_core.group_crm_core_all")
        self.assertFalse(self.rows(user=user))
        user.group_ids |= self.env.ref("mass_mailing.group_mass_mailing_user")
        self.assertTrue(self.rows(user=user))

    def test_earlier_mailings_join_and_go_with_the_addon(self):
        self.send()
        self.assertTrue(self.rows())
        self.assert_timeline_follows_the_addon(SOURCE, post_init_hook, uninstall_hook, self.rows)

    # Lists and opt-outs -----------------------------------------------

    def make_list(self, *persons):
        news = self.env["mailing.list"].create(
            {
                "name": "News",
                "is_public": True,
                "contact_ids": [
                    Command.create({"name": person.name, "email": person.email}) for person in persons
                ],
            }
        )
        self.env.flush_all()
        self.env.invalidate_all()
        return news

    def test_lists_are_stopped_by_a_no_alone(self):
        news = self.make_list(*self.people)
        domain = [("list_ids", "in", news.ids)]
        mailing = self.make_mailing("mailing.list", domain, contact_list_ids=[Command.set(news.ids)])
        self.assertEqual(len(self.send(mailing)), 2, "the silent one subscribed")
        contact = news.contact_ids.filtered(lambda row: row.email == self.refuser.email)
        self.assert_stopped(self.trace(contact.id, mailing), "Withdrew")

    def last(self, person):
        return self.Event.search([("partner_id", "=", person.id)], limit=1)

    def test_leaving_a_list_takes_the_consent_back(self):
        news = self.make_list(self.friend)
        self.assertTrue(self.may(self.friend)[0])
        news._update_subscription_from_email(self.friend.email, opt_out=True)
        event = self.last(self.friend)
        self.assertEqual((event.action, event.source, event.channel), ("withdrawn", "opt_out", "email"))
        self.assertFalse(self.may(self.friend)[0])
        news._update_subscription_from_email(self.friend.email, opt_out=False)
        self.assertFalse(self.may(self.friend)[0], "we put the name back; the person said nothing")

    def test_person_who_comes_back_agrees_again(self):
        news = self.make_list(self.friend)
        news._update_subscription_from_email(self.friend.email, opt_out=True)
        public = news.with_user(self.env.ref("base.public_user")).sudo()
        public._update_subscription_from_email(self.friend.email, opt_out=False)
        self.assertEqual(self.last(self.friend).action, "granted")
        self.assertTrue(self.may(self.friend)[0])

    def test_unsubscribe_link_of_a_mailing(self):
        self.send()
        token = self.mailing._generate_mailing_recipient_token(self.friend.id, self.friend.email)
        self.env.flush_all()
        answer = self.url_open(
            f"/mailing/{self.mailing.id}/unsubscribe_oneclick?document_id={self.friend.id}"
            f"&email={self.friend.email}&hash_token={token}",
            data={"List-Unsubscribe": "One-Click"},
        )
        self.assertEqual(answer.status_code, 200)
        self.assertEqual(self.last(self.friend).action, "withdrawn")
        self.assertFalse(self.may(self.friend)[0])

    def test_blacklist_takes_back_all_advertising(self):
        self.friend._crm_record_consent("survey", "granted", "email")
        entry = self.env["mail.blacklist"]._add(self.friend.email)
        for purpose in ("offers", "survey"):
            self.assertIn("Withdrew", self.may(self.friend, purpose=purpose)[1])
        self.assertTrue(self.may(self.friend, purpose="service")[0])
        count = len(self.friend.crm_consent_event_ids)
        self.env["mail.blacklist"]._remove(self.friend.email)
        self.env["mail.blacklist"]._add(self.friend.email)
        self.assertTrue(entry.active)
        self.assertEqual(len(self.friend.crm_consent_event_ids), count, "said once is enough")

    def test_opt_out_of_before_the_installation_counts(self):
        news = self.make_list(self.friend)
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE mailing_subscription SET opt_out = TRUE, opt_out_datetime = %s WHERE list_id = %s",
            [fields.Datetime.now(), news.id],
        )
        allowed, reason = self.may(self.friend)
        self.assertFalse(allowed)
        self.assertEqual(reason, "Unsubscribed from the mailing list “News”")
        self.env.cr.execute(
            "UPDATE mailing_subscription SET opt_out_datetime = '2024-01-01' WHERE list_id = %s", [news.id]
        )
        self.assertTrue(self.may(self.friend)[0], "agreed since")

    def test_anonymizing_forgets_subscriptions_and_addresses(self):
        self.send()
        news = self.make_list(self.friend, self.refuser)
        twin = self.make_person("Twin", email=self.refuser.email)
        for person in self.friend | self.refuser:
            person.with_user(self.manager)._crm_anonymize()
        self.env.invalidate_all()
        self.assertEqual(news.contact_ids.mapped("email"), [twin.email], "somebody else has the address")
        self.assertFalse(self.trace(self.friend.id).email)

    def test_marketing_people_choose_a_purpose_and_see_no_history(self):
        marketer = new_test_user(self.env, "mailing_marketer", groups="mass_mailing.group_mass_mailing_user")
        self.assertTrue(self.survey.with_user(marketer).has_access("read"))
        self.assertFalse(self.survey.with_user(marketer).has_access("write"))
        self.assertFalse(self.env["crm.consent.event"].with_user(marketer).has_access("read"))
        self.mailing.user_id = marketer
        with self.mock_mail_gateway():
            self.mailing.with_user(marketer).action_send_mail()
        self.assert_stopped(self.trace(self.refuser.id), "Withdrew")
        news = self.make_list(self.friend).with_user(marketer)
        news._update_subscription_from_email(self.friend.email, opt_out=True)
        self.assertEqual(self.last(self.friend).action, "withdrawn")
