from odoo import Command
from odoo.tests import new_test_user, tagged

from odoo.addons.crm_core.tests.common import CrmCoreCommon
from odoo.addons.crm_core_pos import SOURCE, post_init_hook, uninstall_hook


@tagged("post_install", "-at_install")
class TestPos(CrmCoreCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.shop = cls.env["pos.config"].create({"name": "Corner shop"})
        cls.shop.open_ui()
        cls.session = cls.shop.current_session_id

    def receipt(self, partner, amount=30.0, **values):
        return self.env["pos.order"].create(
            {
                "session_id": self.session.id,
                "company_id": self.company.id,
                "partner_id": partner.id,
                "lines": [
                    Command.create(
                        {
                            "product_id": self.paper.id,
                            "qty": 1 if amount > 0 else -1,
                            "price_unit": abs(amount),
                            "price_subtotal": amount,
                            "price_subtotal_incl": amount,
                        }
                    )
                ],
                "amount_tax": 0.0,
                "amount_total": amount,
                "amount_paid": amount,
                "amount_return": 0.0,
                **values,
            }
        )

    def rows(self, user=None):
        customer = self.customer.with_user(user) if user else self.customer
        return customer.crm_timeline(kinds=["pos", "pos_refund"])["rows"]

    def test_paid_receipt_is_one_row(self):
        order = self.receipt(self.contact)
        self.assertFalse(self.rows())
        order.state = "paid"
        (row,) = self.rows()
        self.assertEqual((row["kind"], row["res_id"], row["subject"]), ("pos", order.id, order.name))
        self.assertEqual((row["amount"], row["state"]), (30.0, "Paid"))
        self.assertEqual([line["product"] for line in order._interaction_detail()["lines"]], ["Paper A4"])
        order.state = "done"
        self.assertEqual(len(self.rows()), 1)

    def test_refund_is_another_kind(self):
        self.receipt(self.contact, amount=-30.0, state="paid", is_refund=True)
        self.assertEqual([row["kind"] for row in self.rows()], ["pos_refund"])

    def test_receipts_are_no_facts(self):
        self.receipt(self.customer, state="paid")
        self.assertFalse(self.stat(self.customer))

    def test_who_may_not_read_receipts_does_not_see_them(self):
        self.receipt(self.contact, state="paid")
        user = new_test_user(self.env, "pos_reader", groups="crm_core.group_crm_core_all")
        self.assertFalse(self.rows(user))
        user.group_ids |= self.env.ref("point_of_sale.group_pos_user")
        self.assertTrue(self.rows(user))

    def test_anonymizing_keeps_the_receipt_and_forgets_the_notes(self):
        self.contact.email = "zyx@quibbleby.example.com"
        order = self.receipt(
            self.contact, state="paid", general_customer_note="For Mrs Quibbleby", internal_note="Quibbleby!"
        )
        order.lines.customer_note = "Quibbleby wants a ribbon"
        self.env["pos.payment"].create(
            {
                "pos_order_id": order.id,
                "amount": 30.0,
                "payment_method_id": self.shop.payment_method_ids[:1].id,
                "cardholder_name": "QUIBBLEBY/Z",
            }
        )
        self.assert_anonymizing_forgets(self.contact, "quibbleby")
        self.assertEqual((order.state, order.amount_total, order.payment_ids.amount), ("paid", 30.0, 30.0))
        self.assertEqual(order.partner_id, self.contact)

    def test_earlier_receipts_join_and_go_with_the_addon(self):
        self.receipt(self.contact, state="paid")
        self.assertTrue(self.rows())
        self.assert_timeline_follows_the_addon(SOURCE, post_init_hook, uninstall_hook, self.rows)
