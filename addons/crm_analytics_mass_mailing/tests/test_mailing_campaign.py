from datetime import timedelta

from odoo.tests import new_test_user, tagged

from odoo.addons.crm_analytics.tests.common import AnalyticsCommon
from odoo.addons.mass_mailing.tests.common import MassMailCommon


@tagged("post_install", "-at_install")
class TestMailingCampaign(AnalyticsCommon, MassMailCommon):
    """What mailings reached, and what they had to do with the orders that followed."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.Result = cls.env["crm.analytics.campaign"]
        cls.campaign = cls.env["utm.campaign"].create({"title": "Spring", "company_id": cls.company.id})
        cls.friend, cls.other, cls.silent = (
            cls.env["res.partner"].create({"name": name, "email": f"{name.lower()}@example.com"})
            for name in ("Friend", "Other", "Silent")
        )
        for person in cls.friend | cls.other:
            person._crm_record_consent("offers", "granted", "email")
        cls.group = cls.env["crm.target.group"].create({"name": "Friends", "kind": "static"})
        cls.group._add_partners(cls.friend | cls.other | cls.silent)

    @classmethod
    def mailing(cls, **values):
        return cls.env["mailing.mailing"].create(
            {
                "name": "Paper",
                "subject": "Paper is cheap",
                "body_html": "<p>Paper</p>",
                "mailing_model_id": cls.env["ir.model"]._get("res.partner").id,
                "mailing_domain": [("id", "in", (cls.friend | cls.other | cls.silent).ids)],
                "mailing_type": "mail",
                "email_from": "shop@example.com",
                "keep_archives": True,
                "campaign_id": cls.campaign.id,
                **values,
            }
        )

    def send(self, mailing):
        with self.mock_mail_gateway():
            mailing.action_send_mail()
        return mailing.mailing_trace_ids

    def count(self):
        self.fold()
        self.env["crm.interaction"]._sync_pending()
        self.Result._refresh(self.company, self.campaign)
        return self.Result.search([("campaign_id", "=", self.campaign.id)])

    def test_what_arrived_was_opened_or_held_back_is_counted(self):
        traces = self.send(self.mailing())
        traces.filtered(lambda trace: trace.res_id == self.friend.id).set_opened()
        traces.filtered(lambda trace: trace.res_id == self.friend.id).set_clicked()
        result = self.count()
        self.assertEqual((result.mail_sent_count, result.mail_open_count, result.mail_click_count), (2, 1, 1))
        self.assertEqual((result.mail_open_rate, result.mail_refused_count), (0.5, 1))
        traces.filtered(lambda trace: trace.res_id == self.other.id).set_bounced()
        result = self.count()
        self.assertEqual((result.mail_sent_count, result.mail_bounce_count, result.mail_open_rate), (1, 1, 1))

    def test_mail_has_its_share_of_the_order(self):
        traces = self.send(self.mailing())
        traces.sent_datetime = self.at(10)
        self.env.flush_all()
        self.order(self.friend, [(self.paper, 10)], days_ago=3)
        self.order(self.silent, [(self.paper, 5)], days_ago=3)
        self.assertEqual(self.count().credit_linear, 300)
        traces.filtered(lambda trace: trace.res_id == self.friend.id).set_bounced()
        self.assertEqual(self.count().credit_linear, 0)

    def test_mailing_to_a_target_group_says_whom_and_when(self):
        first, second = (self.mailing(crm_target_group_ids=self.group.ids) for _ in range(2))
        self.send(first)
        self.assertEqual(self.campaign.crm_target_group_ids, self.group)
        self.assertEqual((self.campaign.crm_date_start, self.campaign.crm_date_end), (self.today, False))
        self.campaign.crm_date_start = self.today - timedelta(days=7)
        self.send(second)
        self.assertEqual(self.campaign.crm_date_end, self.today)

    def test_who_sends_mailings_need_not_read_analytics(self):
        sender = new_test_user(
            self.env, "sender", groups="mass_mailing.group_mass_mailing_user,crm_core.group_crm_core_user"
        )
        mailing = self.mailing(crm_target_group_ids=self.group.ids, user_id=sender.id)
        self.send(mailing.with_user(sender))
        self.assertEqual(self.campaign.crm_date_start, self.today)

    def test_another_campaign_stays_as_it_is(self):
        other = self.env["utm.campaign"].create({"title": "Autumn", "company_id": self.company.id})
        self.send(self.mailing())
        self.Result._refresh(self.company, other)
        result = self.Result.search([("campaign_id", "=", other.id)])
        self.assertEqual((result.mail_sent_count, result.mail_open_rate, result.credit_last), (0, 0, 0))
