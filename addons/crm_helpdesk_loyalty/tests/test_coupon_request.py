from datetime import timedelta

from odoo import Command, fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, new_test_user, tagged
from odoo.tools import mute_logger

from odoo.addons.crm_core.tests.common import CrmCoreCommon
from odoo.addons.crm_helpdesk.tests.common import HelpdeskCommon


@tagged("post_install", "-at_install")
class TestCouponRequest(HelpdeskCommon, CrmCoreCommon):
    """Coupons asked for by agents, made by those who may."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.maker = cls.make_user("maker", "base.group_user,sales_team.group_sale_manager")
        cls.agent_maker = cls.make_user(
            "agent_maker", "crm_helpdesk.group_crm_helpdesk_agent,sales_team.group_sale_manager"
        )
        cls.seller = cls.make_user(
            "seller", "crm_helpdesk.group_crm_helpdesk_agent,sales_team.group_sale_salesman_all_leads"
        )
        cls.contact.email = "iris@alma.example"
        cls.tenth = cls.make_program("Tenth off", "coupons")
        # The printed card of the ERP has a bar code, which needs more software than a mail does.
        cls.tenth.communication_plan_ids.mail_template_id.report_template_ids = [Command.clear()]
        cls.case = cls.ticket(user_id=cls.anna.id)

    @classmethod
    def make_program(cls, name, kind, **values):
        """A program as the ERP sets one up of that kind: with rewards, and a mail for new cards."""
        Program = cls.env["loyalty.program"]
        usual = {**Program._program_type_default_values()[kind], "currency_id": cls.company.currency_id.id}
        if kind == "gift_card":
            usual["rule_ids"] = [Command.clear()]
        return Program.create({"name": name, "program_type": kind, **usual, **values})

    def ask(self, user=None, **values):
        """A request as the dialog makes it."""
        user = user or self.anna
        action = self.case.with_user(user).with_context(after_sales_kind="coupon").action_after_sales()
        Request = self.env["helpdesk.request"].with_user(user)
        with Form(
            Request.with_context(**action["context"]), "crm_helpdesk.helpdesk_request_view_dialog"
        ) as form:
            for name, value in values.items():
                setattr(form, name, value)
        return form.record

    def make(self, **values):
        request = self.ask(self.agent_maker, coupon_program_id=self.tenth, **values)
        request.action_carry_out()
        return request, self.env["loyalty.card"].browse(request.res_id)

    def state_of(self, request):
        self.env.invalidate_all()
        return request.with_user(self.anna).document_state

    def mails_of(self, card):
        return self.env["mail.mail"].sudo().search([("model", "=", card._name), ("res_id", "=", card.id)])

    def test_agent_asks_and_somebody_who_may_makes_it(self):
        request = self.ask(note="Waited for two weeks")
        self.assertFalse(request.can_carry_out)
        with self.assertRaises(AccessError):
            request.action_carry_out()
        request.user_id = self.maker
        request.action_request()
        seen = request.with_user(self.maker)
        self.assertTrue(seen.can_carry_out)
        with self.assertRaisesRegex(UserError, "Choose the program"):
            seen.action_carry_out()
        end = fields.Date.today() + timedelta(days=30)
        seen.write({"coupon_program_id": self.tenth.id, "coupon_points": 2, "coupon_valid_until": end})
        action = seen.action_carry_out()
        card = self.env["loyalty.card"].browse(request.res_id)
        self.assertEqual((action["res_model"], action["res_id"]), ("loyalty.card", card.id))
        self.assertRecordValues(
            card,
            [
                {
                    "program_id": self.tenth.id,
                    "partner_id": self.contact.id,
                    "points": 2.0,
                    "expiration_date": end,
                }
            ],
        )
        self.assertIn(self.case.number, card.history_ids.description)
        self.assertEqual((request.state, request.done_user_id), ("done", self.maker))

    def test_seller_may_not_make_it(self):
        request = self.ask(self.seller, coupon_program_id=self.tenth)
        self.assertFalse(request.can_carry_out)
        with self.assertRaises(AccessError):
            request.action_carry_out()
        request.action_request()
        with self.assertRaises(AccessError):
            request.action_carry_out()

    def test_code_is_for_those_with_rights(self):
        request, card = self.make()
        self.env.invalidate_all()
        self.assertEqual(request.with_user(self.agent_maker).coupon_code, card.code)
        self.assertEqual(request.with_user(self.seller).coupon_code, card.code)
        seen = self.case.with_user(self.anna).request_ids
        self.assertEqual((seen.document_name, seen.document_state), ("Tenth off", "Unused"))
        self.assertFalse(seen.coupon_code)
        with self.assertRaises(AccessError):
            seen.action_open_document()
        self.assertNotIn(card.code, str(seen.read()))
        told = self.case.message_ids.mapped("body")
        self.assertTrue(told)
        self.assertNotIn(card.code, str(told))
        for user, expected in ((self.anna, False), (self.seller, True)):
            view = self.env["helpdesk.ticket"].with_user(user).get_view(view_type="form")
            self.assertEqual("coupon_code" in view["arch"], expected)

    def test_mail_goes_out_when_asked_alone(self):
        _request, silent = self.make()
        self.assertFalse(self.mails_of(silent))
        _request, card = self.make(coupon_send=True)
        mail = self.mails_of(card)
        self.assertEqual(len(mail), 1)
        self.assertIn(self.contact, mail.recipient_ids)
        self.assertIn(card.code, str(mail.body_html))

    def test_mail_that_cannot_go_makes_no_coupon(self):
        before = self.env["loyalty.card"].search_count([("program_id", "=", self.tenth.id)])
        self.contact.email = False
        with self.assertRaisesRegex(UserError, "no e-mail address"):
            self.make(coupon_send=True)
        self.contact.email = "iris@alma.example"
        self.contact._crm_set_restricted(True)
        with self.assertRaisesRegex(UserError, "No e-mail to"):
            self.make(coupon_send=True)
        self.contact._crm_set_restricted(False)
        request = self.ask(self.agent_maker, coupon_send=True)
        self.tenth.communication_plan_ids.unlink()
        request.coupon_program_id = self.tenth
        self.assertFalse(request.coupon_can_mail)
        with self.assertRaisesRegex(UserError, "has no mail"):
            request.action_carry_out()
        self.assertEqual(self.env["loyalty.card"].search_count([("program_id", "=", self.tenth.id)]), before)

    def test_used_on_an_order(self):
        request, card = self.make()
        order = self.quote(self.contact, [(self.toner, 2)])
        status = order._try_apply_code(card.code)
        self.assertNotIn("error", status)
        order._apply_program_reward(self.tenth.reward_ids, card)
        self.assertEqual(self.state_of(request), "Unused")
        order.action_confirm()
        self.assertEqual(self.state_of(request), "Used")

    def test_expired_and_archived(self):
        request, card = self.make(coupon_valid_until=fields.Date.today())
        self.assertEqual(self.state_of(request), "Unused")
        card.expiration_date = fields.Date.today() - timedelta(days=1)
        self.assertEqual(self.state_of(request), "Expired")
        card.active = False
        self.assertEqual(self.state_of(request), "Archived")

    def test_gift_card_says_what_is_left(self):
        gift = self.make_program("Gift", "gift_card")
        request = self.ask(self.agent_maker, coupon_program_id=gift, coupon_points=50)
        request.action_carry_out()
        card = self.env["loyalty.card"].browse(request.res_id)
        self.assertEqual((card.points, self.state_of(request)), (50, "Unused"))
        self.env["loyalty.history"].create({"card_id": card.id, "description": "Order", "used": 20})
        card.points = 30
        self.assertEqual(self.state_of(request), f"{card.points_display} left")
        self.assertIn("30", card.points_display)
        card.points = 0
        self.assertEqual(self.state_of(request), "Used")

    def test_double_click_makes_one(self):
        request, card = self.make()
        with self.assertRaises(UserError):
            request.action_carry_out()
        self.assertEqual(self.env["loyalty.card"].search([("program_id", "=", self.tenth.id)]), card)

    def test_what_makes_no_sense_is_refused(self):
        yesterday = fields.Date.today() - timedelta(days=1)
        with self.assertRaisesRegex(UserError, "expired already"):
            self.make(coupon_valid_until=yesterday)
        with self.assertRaises(ValidationError):
            self.make(coupon_points=0)
        with self.assertRaises(ValidationError):
            self.ask(self.agent_maker).coupon_program_id = self.make_program("Points", "loyalty")
        self.case.partner_id = False
        with self.assertRaisesRegex(UserError, "who the customer is"):
            self.make()

    def test_customer_the_wizard_does_not_find_is_not_everybody(self):
        before = self.env["loyalty.card"].search_count([])
        self.contact.active = False
        with self.assertRaisesRegex(UserError, "is archived"):
            self.make()
        self.assertEqual(self.env["loyalty.card"].search_count([]), before)

    def test_programs_of_other_companies(self):
        elsewhere = self.env["res.company"].create({"name": "Elsewhere"})
        branch = self.env["res.company"].create({"name": "Branch", "parent_id": self.company.id})
        request = self.ask(self.agent_maker)
        foreign = self.make_program("Foreign", "coupons", company_id=elsewhere.id)
        with self.assertRaises(ValidationError):
            request.sudo().coupon_program_id = foreign
        with self.assertRaises(ValidationError):
            request.sudo().coupon_program_id = self.make_program("Branch", "coupons", company_id=branch.id)
        request.coupon_program_id = self.make_program("All", "coupons", company_id=False)
        # What belongs to the main company is for its branches as well.
        team = self.make_team("Branch", self.anna, company_id=branch.id)
        of_branch = self.env["helpdesk.request"].create(
            {
                "ticket_id": self.ticket(team_id=team.id).id,
                "kind": "coupon",
                "coupon_program_id": self.make_program("Main", "coupons", company_id=self.company.id).id,
            }
        )
        self.assertEqual(of_branch.company_id, branch)

    def test_makers_see_their_requests_alone(self):
        request, draft = self.ask(), self.ask()
        request.action_request()
        refund = self.env["helpdesk.request"].create({"ticket_id": self.case.id, "kind": "refund"})
        refund.action_request()
        Request = self.env["helpdesk.request"].with_user(self.maker)
        self.assertEqual(Request.search([("ticket_id", "=", self.case.id)]), request)
        with self.assertRaises(AccessError):
            draft.with_user(self.maker).read(["state"])
        plain_seller = self.make_user("plain", "base.group_user,sales_team.group_sale_salesman")
        Request = self.env["helpdesk.request"].with_user(plain_seller)
        self.assertFalse(Request.search([("ticket_id", "=", self.case.id)]))
        request.with_user(self.maker).action_refuse()
        self.assertEqual(request.state, "refused")

    def test_portal_and_other_companies_see_nothing(self):
        request, _card = self.make()
        portal = new_test_user(self.env, "helpdesk_coupon_portal", groups="base.group_portal")
        elsewhere = self.env["res.company"].create({"name": "Elsewhere"})
        stranger = self.make_user(
            "elsewhere",
            "crm_helpdesk.group_crm_helpdesk_manager,sales_team.group_sale_manager",
            company_id=elsewhere.id,
            company_ids=elsewhere.ids,
        )
        for user in (portal, stranger):
            with self.assertRaises(AccessError), mute_logger("odoo.addons.base.models.ir_rule"):
                request.with_user(user).read(["coupon_code"])

    def test_code_column_comes_with_the_first_coupon(self):
        self.assertFalse(self.case.has_coupon)
        self.make()
        self.env.invalidate_all()
        self.assertTrue(self.case.has_coupon)

    def test_programs_may_have_no_company(self):
        self.tenth.company_id = False
        self.tenth.rule_ids = [Command.clear()]
        _request, card = self.make()
        self.assertFalse(card.company_id)
