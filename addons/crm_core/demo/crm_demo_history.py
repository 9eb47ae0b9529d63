from datetime import timedelta

from odoo import Command, api, fields, models

from . import story_data

# customer: (first order days ago, last order days ago); bought from the wholesaler before it had the ERP
BEFORE = {"Tidewater Insurance": (1180, 530), "Harbor & Hale Law Offices": (1120, 752)}
OLD_PRICES = 0.9  # share of today's


class CrmDemoStory(models.AbstractModel):
    """Years before the ERP, imported from the old system; and what was done with an audience."""

    _inherit = "crm.demo.story"

    @api.model
    def _create_past_sales(self):
        customers = self.env["res.partner"].search([("name", "in", [*BEFORE]), ("parent_id", "=", False)])
        products = self.env["product.product"].search([("default_code", "=like", "NG-%")]).grouped("name")
        rows = []
        for customer in customers:
            basket, interval = story_data.CUSTOMERS[customer.name][1:3]
            first, last = BEFORE[customer.name]
            for number, days_ago in enumerate(range(first, last, -interval)):
                lines = self._plan_lines(basket, number, 0.8, [])
                rows += [self._prepare_past_sale(customer, days_ago, products, *line) for line in lines]
        self.env["crm.past.sale"].create(rows)
        self.env["crm.customer.dirty"]._fold()
        self.env["crm.fact.check"]._check_facts(self.env.ref("base.main_company"))

    def _prepare_past_sale(self, customer, days_ago, products, key, quantity):
        company = self.env.ref("base.main_company")
        name, price, _cost, _kind = story_data.PRODUCTS[key]
        return {
            "company_id": company.id,
            "partner_id": customer.id,
            "date": fields.Date.today() - timedelta(days=days_ago),
            "reference": f"OLD-{customer.id}-{days_ago}",
            "product_id": products[name].id,
            "quantity": quantity,
            "currency_id": company.currency_id.id,
            "amount": round(quantity * price * OLD_PRICES, 2),
        }

    @api.model
    def _create_group_work(self):
        """Mia had calls planned for everybody who came to the fair."""
        fair = self.env["crm.target.group"].search([("name", "=", "Visitors of the spring fair")])
        job = self.env["crm.target.group.job"].create(
            {
                "group_id": fair.id,
                "user_id": fair.user_id.id,
                "kind": "activity",
                "activity_type_id": self.env.ref("mail.mail_activity_data_call").id,
                "summary": "Ask how they liked the fair",
                "date_deadline": fields.Date.today() + timedelta(days=2),
            }
        )
        while job.state in ("waiting", "running"):
            job._work()

    @api.model
    def _create_reminders(self):
        """Late invoices of our customers' were reminded of once, a few days after they were due."""
        today = fields.Date.today()
        late = self.env["account.move"].search(
            [
                ("move_type", "=", "out_invoice"),
                ("payment_state", "=", "not_paid"),
                ("partner_id.name", "in", [*story_data.CUSTOMERS]),
                ("invoice_date_due", "<", today - timedelta(days=5)),
            ]
        )
        for invoice in late:
            self._write_reminder(invoice)

    def _write_reminder(self, invoice):
        """Sent long ago: nothing leaves now."""
        moment = fields.Datetime.to_datetime(invoice.invoice_date_due) + timedelta(days=4, hours=9)
        self.env["mail.message"].create(
            {
                "model": invoice._name,
                "res_id": invoice.id,
                "message_type": "comment",
                "subtype_id": self.env.ref("mail.mt_comment").id,
                "author_id": invoice.invoice_user_id.partner_id.id,
                "subject": f"{invoice.name}: did our invoice get lost?",
                "body": "<p>It was due a few days ago. Could you have a look, please?</p>",
                "date": moment,
                "record_company_id": invoice.company_id.id,
                "notification_ids": [
                    Command.create(
                        {
                            "res_partner_id": invoice.partner_id.id,
                            "notification_type": "email",
                            "notification_status": "sent",
                        }
                    )
                ],
            }
        )
