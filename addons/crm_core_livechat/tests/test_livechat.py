from odoo import Command
from odoo.tests import new_test_user, tagged

from odoo.addons.crm_core.tests.common import CrmCoreCommon
from odoo.addons.crm_core_livechat import SOURCE, post_init_hook, uninstall_hook


@tagged("post_install", "-at_install")
class TestLivechat(CrmCoreCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.operator = new_test_user(cls.env, "chat_operator", groups="im_livechat.im_livechat_group_user")
        cls.visitor = new_test_user(cls.env, "chat_visitor", groups="base.group_portal")
        cls.visitor.partner_id.parent_id = cls.customer
        cls.shop = cls.env["im_livechat.channel"].create({"name": "Web shop"})

    def chat(self, visitor):
        return self.env["discuss.channel"].create(
            {
                "name": "Chat",
                "channel_type": "livechat",
                "livechat_channel_id": self.shop.id,
                "livechat_operator_id": self.operator.partner_id.id,
                "channel_member_ids": [
                    Command.create(
                        {"partner_id": self.operator.partner_id.id, "livechat_member_type": "agent"}
                    ),
                    Command.create({"partner_id": visitor.id, "livechat_member_type": "visitor"}),
                ],
            }
        )

    def rows(self, user=None):
        customer = self.customer.with_user(user) if user else self.customer
        return customer.crm_timeline(kinds=["chat"])["rows"]

    def test_session_of_a_known_customer_is_one_row_without_body(self):
        session = self.chat(self.visitor.partner_id)
        session.message_post(body="My secret", message_type="comment", author_id=self.visitor.partner_id.id)
        session.message_post(body="Ours", message_type="comment", author_id=self.operator.partner_id.id)
        (row,) = self.rows()
        self.assertEqual(row["res_id"], session.id)
        self.assertEqual((row["subject"], row["channel"], row["direction"]), ("Web shop", "message", "in"))
        self.assertEqual(row["user"], self.operator.name)
        self.assertNotIn("secret", str(row))

    def test_each_reader_is_told_in_his_language_how_it_ended(self):
        session = self.chat(self.visitor.partner_id)
        labels = dict(session._fields["livechat_outcome"]._description_selection(self.env))
        outcome = session.livechat_outcome
        self.assertTrue(outcome)
        self.assertEqual(self.rows()[0]["outcome"], labels[outcome])
        customer = self.translate_choice("discuss.channel", "livechat_outcome", outcome, "Sans réponse")
        self.assertEqual(customer.crm_timeline(kinds=["chat"])["rows"][0]["outcome"], "Sans réponse")
        self.assertEqual(self.rows()[0]["outcome"], labels[outcome])

    def test_our_own_people_are_no_customers(self):
        colleague = new_test_user(self.env, "chat_colleague", groups="base.group_user")
        colleague.partner_id.parent_id = self.customer
        self.chat(colleague.partner_id)
        self.assertFalse(self.rows())

    def test_who_may_not_open_the_session_does_not_see_it(self):
        self.chat(self.visitor.partner_id)
        seller = new_test_user(self.env, "chat_seller", groups="sales_team.group_sale_salesman_all_leads")
        self.assertFalse(self.rows(seller))
        seller.group_ids |= self.env.ref("im_livechat.im_livechat_group_user")
        self.assertTrue(self.rows(seller))

    def test_anonymizing_forgets_what_was_said(self):
        visitor = self.visitor.partner_id
        session = self.chat(visitor)
        session.write({"name": "Quibbleby", "livechat_note": "Quibbleby is a good customer"})
        session.message_post(
            body="This is Quibbleby", message_type="comment", author_id=self.operator.partner_id.id
        )
        rating = self.env["rating.rating"].create(
            {
                "res_model_id": self.env["ir.model"]._get_id("discuss.channel"),
                "res_id": session.id,
                "partner_id": visitor.id,
                "rating": 5,
                "feedback": "Quibbleby is happy",
                "message_id": session.message_ids[:1].id,
            }
        )
        self.assert_anonymizing_forgets(visitor, "quibbleby")
        self.assertEqual(rating.exists().rating, 5, "the figure stays")
        history = session.livechat_channel_member_history_ids
        self.assertIn(visitor, history.partner_id, "that there was a chat stays")

    def test_earlier_sessions_join_and_go_with_the_addon(self):
        self.chat(self.visitor.partner_id)
        self.assertTrue(self.rows())
        self.assert_timeline_follows_the_addon(SOURCE, post_init_hook, uninstall_hook, self.rows)
