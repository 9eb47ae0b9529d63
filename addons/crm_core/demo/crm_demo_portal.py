from datetime import timedelta

from odoo import api, fields, models
from odoo.fields import Command

CUSTOMER = "Harbor & Hale Law Offices"
# name: (function, login)
PEOPLE = {"Nora Hale": ("Office Manager", "harbor"), "Ben Ortiz": ("Paralegal", "harbor.ben")}
DECLINED = ("chair", 4, "New chairs come next year")
SAID = [(200, "offers", "granted", "email"), (45, "offers", "objected", "phone")]


class CrmDemoPortal(models.AbstractModel):
    """A customer who uses the portal: offers shown, one declined, wishes, a question. Demo data only."""

    _inherit = "crm.demo.story"

    @api.model
    def _create_portal(self):
        company = self.env.ref("base.main_company")
        self = self.with_context(no_reset_password=True).with_company(company)  # noqa: PLW0642
        customer = self.env["res.partner"].search([("name", "=", CUSTOMER), ("parent_id", "=", False)])
        main, _colleague = people = self._create_portal_people(customer)
        customer.crm_main_contact_id = main
        self._show_offers(main)
        for days_ago, purpose, action, channel in SAID:
            main._crm_record_consent(
                purpose,
                action,
                channel,
                source="portal",
                occurred_at=fields.Datetime.now() - timedelta(days=days_ago),
            )
        main._crm_portal_message(
            "Delivery before Friday?", "We move floors on Friday. Can the paper of this week come before?"
        )
        return people

    def _create_portal_people(self, customer):
        people = self.env["res.partner"].create(
            [
                {
                    "name": name,
                    "function": function,
                    "parent_id": customer.id,
                    "email": f"{name.split()[0].lower()}@harborhalelawoffices.example.com",
                    "phone": customer.phone,
                }
                for name, (function, _login) in PEOPLE.items()
            ]
        )
        self.env["res.users"].create(
            [
                {
                    "login": login,
                    "password": login,
                    "partner_id": person.id,
                    "company_id": self.env.company.id,
                    "company_ids": [Command.set(self.env.company.ids)],
                    "group_ids": [Command.set(self.env.ref("base.group_portal").ids)],
                }
                for person, (_function, login) in zip(people, PEOPLE.values(), strict=True)
            ]
        )
        return people

    def _show_offers(self, person):
        """What fits them now, and an idea of last month that they did not like."""
        customer = person.commercial_partner_id
        Offer = self.env["crm.offer"]
        key, quantity, reason = DECLINED
        product = self.env["product.product"].search(
            [("default_code", "=", f"NG-{key[:4].upper()}")], limit=1
        )
        suggestions = Offer._suggest(customer)[customer.id]
        now, before = Offer.create(
            [
                {"partner_id": person.id, "user_id": customer.user_id.id, "line_ids": lines}
                for lines in (
                    [Command.create(line) for line in Offer._prepare_suggested_lines(customer, suggestions)],
                    [Command.create({"product_id": product.id, "quantity": quantity})],
                )
            ]
        )
        (now | before).action_show_to_customer()
        before._decline_in_portal(person, reason)
