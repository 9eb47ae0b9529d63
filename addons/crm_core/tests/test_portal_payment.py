from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.payment.tests.common import PaymentCommon

from .test_portal import PortalCase


@tagged("post_install", "-at_install", "thorough")
class TestPortalPayment(PortalCase, PaymentCommon):
    """Paying by the ERP's own flow: the own quotation and invoice, and by token whatever was sent."""

    def pay_online(self, url, user, amount, **params):
        """:return: the answer as text; names the reference of the payment where it may be made"""
        with mute_logger("odoo.http"):
            return self.rpc(
                url,
                user,
                provider_id=self.dummy_provider.id,
                payment_method_id=self.pm_unknown.id,
                token_id=None,
                amount=amount,
                flow="direct",
                tokenization_requested=False,
                landing_route="/my",
                **{"access_token": None, **params},
            )

    def test_own_quotation_and_invoice_are_paid_and_nobody_elses(self):
        quotation = self.quote(self.colleague.partner_id, [(self.training, 1)])
        foreign = self.quote(self.customer, [(self.training, 1)])
        (quotation | foreign).state = "sent"
        invoices = [
            self.bill(partner, self.training, 100) for partner in (self.colleague.partner_id, self.customer)
        ]
        for path, (own, other) in (
            ("/my/orders/{}/transaction", (quotation, foreign)),
            ("/invoice/transaction/{}", invoices),
        ):
            with self.subTest(path=path):
                for document, user, params, paid in (
                    (own, self.colleague, {}, True),
                    (other, self.colleague, {}, False),
                    (other, self.stranger, {}, False),
                    (other, self.colleague, {"access_token": own._portal_ensure_token()}, False),
                    (other, self.main, {}, True),
                    (other, self.stranger, {"access_token": other._portal_ensure_token()}, True),
                ):
                    answer = self.pay_online(path.format(document.id), user, document.amount_total, **params)
                    self.assertEqual('"reference"' in answer, paid, answer[:300])
