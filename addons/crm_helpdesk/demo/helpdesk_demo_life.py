from odoo import api, models

TEMPLATES = [
    (
        "Damaged in transport",
        "return",
        "1",
        "Goods arrived damaged",
        (
            "<p>Which delivery, and which items?</p><p>Was the parcel damaged outside? Photos?</p>"
            "<p>Does the customer wish new goods or his money back?</p>"
        ),
    ),
    (
        "Printer does not print",
        "question",
        "0",
        "Printer does not print",
        "<p>Model and serial number?</p><p>What does the display say, and since when?</p>",
    ),
]


ARTICLES = [
    (
        "What to do when toner leaks?",
        "portal",
        """<p>Do not shake the cartridge. Take it out, put it into the bag of the new one and wipe the tray
        with a dry cloth. Water makes toner stick.</p>
        <p>A leaking cartridge is replaced for free: open a ticket and tell us the number on its side.</p>""",
    ),
    (
        "How do I return what I ordered?",
        "portal",
        """<p>Unopened goods can be returned within 30 days. Open a ticket about the order; you get a return
        slip by e-mail. Put it on the parcel and hand it to the next driver.</p>""",
    ),
    (
        "The invoice names the wrong address or department",
        "portal",
        """<p>Tell us what it should say. We cancel the invoice and send a new one the same day; you need not
        pay twice.</p>""",
    ),
    (
        "Wet paper: who pays?",
        "internal",
        """<p>Ask for a photo of the outer box. When the driver left it outside, the carrier pays: send the
        photo to the carrier the same day, and deliver new paper at once.</p>""",
    ),
]


class HelpdeskDemoLife(models.AbstractModel):
    """Templates, a duplicate that was merged, a matter in parts. Demo data only."""

    _name = "helpdesk.demo.life"
    _description = "Demo of the life of tickets"

    @api.model
    def _create_life(self):
        desk = self.with_context(tracking_disable=True, mail_create_nosubscribe=True).with_company(
            self.env.ref("base.main_company")
        )
        team = self.env.ref("crm_helpdesk.helpdesk_team_support")
        team.write({"auto_close": True, "solve_parts": True})
        desk.env["helpdesk.ticket.template"].create(
            [
                {
                    "name": name,
                    "type_id": self.env.ref(f"crm_helpdesk.helpdesk_ticket_type_{kind}").id,
                    "priority": priority,
                    "subject": subject,
                    "description": description,
                }
                for name, kind, priority, subject, description in TEMPLATES
            ]
        )
        desk._create_parts(team)
        articles = desk.env["helpdesk.article"].create(
            [
                {
                    "name": name,
                    "visibility": visibility,
                    "body": body,
                    "lang": "en_US",
                    "state": "published",
                    "user_id": self.env.ref("base.user_demo").id,
                }
                for name, visibility, body in ARTICLES
            ]
        )
        for login, helped in (("harbor", True), ("harbor.ben", True), ("portal", False)):
            user = self.env["res.users"].search([("login", "=", login)])
            if user:
                articles[:1].with_user(user)._vote(helped)

    def _create_parts(self, team):
        """A customer who moves his office, and writes twice about the same."""
        customer = self.env["res.partner"].search(
            [("is_company", "=", True), ("sale_order_ids", "!=", False)], order="id desc", limit=1
        ) or self.env.ref("base.main_partner")
        user = self.env.ref("base.user_demo")
        Ticket = self.env["helpdesk.ticket"]
        values = {"team_id": team.id, "partner_id": customer.id, "user_id": user.id}
        whole = Ticket.create({**values, "name": "Office moves on the first of the month", "priority": "1"})
        Ticket.create(
            [
                {**values, "name": "Deliver paper to the new address", "parent_id": whole.id},
                {**values, "name": "Connect the printers again", "parent_id": whole.id},
            ]
        )
        again = Ticket.create(
            {
                **values,
                "name": "We are moving!",
                "description": "<p>Did you get my mail? From the first we are in the new building.</p>",
            }
        )
        again.merge_into(whole.id)
