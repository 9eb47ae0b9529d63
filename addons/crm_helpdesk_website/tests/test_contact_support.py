import re
from threading import current_thread
from unittest.mock import patch

from odoo.exceptions import UserError
from odoo.tests import HttpCase, new_test_user, tagged
from odoo.tools import mute_logger

from odoo.addons.crm_helpdesk.tests.common import HelpdeskCommon

from ..models import helpdesk_ticket

PAGE = "/contact-support"


@tagged("post_install", "-at_install")
class TestContactSupport(HelpdeskCommon, HttpCase):
    """Visitors of the website open tickets; machines do not."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.website = cls.env.ref("website.default_website")
        cls.env["helpdesk.team"].search([]).use_website_form = False
        cls.team.write({"company_id": cls.website.company_id.id, "use_website_form": True})
        cls.customer_user = new_test_user(
            cls.env, "helpdesk_visitor", groups="base.group_portal", email="visitor@alma.example"
        )

    def setUp(self):
        super().setUp()
        # The clock of the form, so that nobody has to wait.
        self.now = 1_800_000_000.0
        patcher = patch.object(helpdesk_ticket, "time", lambda: self.now)
        patcher.start()
        self.addCleanup(patcher.stop)
        self.text = ""

    def open_page(self, url=PAGE):
        answer = self.url_open(url)
        self.text = answer.text
        return answer

    def hidden(self, name):
        return re.search(rf'name="{name}"[^>]*value="([^"]*)"', self.text).group(1)

    def send(self, files=None, seconds=20, **values):
        """Fill in the form that was opened, as a browser does."""
        data = {
            "csrf_token": self.hidden("csrf_token"),
            "mark": self.hidden("mark"),
            "team_id": str(self.team.id),
            "name": "Max Unknown",
            "email": "max@nowhere.example",
            "subject": "The printer leaks",
            "body": "Since this morning.",
            "website_url": "",
            **values,
        }
        self.now += seconds
        answer = self.url_open(PAGE, data=data, files=files)
        self.text = answer.text
        return answer

    def tickets(self):
        self.env.invalidate_all()
        return self.env["helpdesk.ticket"].search([("team_id", "=", self.team.id)])

    # People --------------------------------------------------------------------------------

    def test_visitor_gets_a_number_and_a_mail(self):
        self.open_page()
        answer = self.send()
        ticket = self.tickets()
        self.assertRecordValues(
            ticket,
            [
                {
                    "name": "The printer leaks",
                    "partner_name": "Max Unknown",
                    "partner_email": "max@nowhere.example",
                    "partner_id": False,
                    "user_id": False,
                }
            ],
        )
        self.assertIn("Since this morning.", ticket.description)
        self.assertTrue(answer.url.endswith("/thanks"))
        self.assertIn(ticket.number, answer.text)
        self.assertNotIn("access_token", answer.text)
        self.assertTrue(ticket.acknowledged_at)
        mail = self.env["mail.mail"].search([("model", "=", "helpdesk.ticket"), ("res_id", "=", ticket.id)])
        self.assertIn("max@nowhere.example", mail.mapped("email_to")[0] or "")
        self.assertFalse(self.env["res.partner"].search([("email", "ilike", "max@nowhere")]))

    def test_visitor_whose_address_is_known_is_the_contact(self):
        self.open_page()
        self.send(email="Iris@Alma.example")
        self.assertEqual(self.tickets().partner_id, self.contact)

    def test_who_is_signed_in_is_known(self):
        self.authenticate(self.customer_user.login, self.customer_user.login)
        self.open_page()
        self.assertNotIn('name="email"', self.text)
        self.send(name="", email="somebody.else@alma.example")
        ticket = self.tickets()
        self.assertEqual(ticket.partner_id, self.customer_user.partner_id)
        self.assertIn(self.customer_user.partner_id, ticket.message_partner_ids)

    def test_files_come_with_the_ticket(self):
        self.open_page()
        self.send(files={"files": ("photo.html", b"<script>evil()</script>", "text/html")})
        file = self.tickets().message_ids.attachment_ids
        self.assertEqual((file.name, file.res_model), ("photo.html", "helpdesk.ticket"))
        self.assertEqual(file.mimetype, "text/plain")
        self.assertFalse(file.public)

    def test_form_with_an_error_keeps_what_was_written(self):
        self.open_page()
        self.send(email="no address", body='<b>"Hello"</b>')
        self.assertIn("your e-mail address", self.text)
        self.assertIn("&lt;b&gt;", self.text)
        self.assertIn("The printer leaks", self.text)
        self.assertFalse(self.tickets())
        self.send()
        self.assertTrue(self.tickets())

    def test_type_is_taken(self):
        kind = self.env["helpdesk.ticket.type"].create({"name": "Praise"})
        self.open_page()
        self.send(type_id=str(kind.id))
        self.assertEqual(self.tickets().type_id, kind)

    # Teams ---------------------------------------------------------------------------------

    def test_address_of_a_team_chooses_it(self):
        other = self.make_team("Invoices", self.ben, company_id=self.team.company_id.id)
        other.use_website_form = True
        self.open_page(other.website_form_url.partition(PAGE)[1] + f"?team={other.id}")
        self.assertRegex(self.text, rf'value="{other.id}"\s+checked')

    def test_team_that_is_not_there_is_not_offered_nor_taken(self):
        hidden = self.make_team("Secret", self.ben, company_id=self.team.company_id.id)
        self.open_page()
        self.assertNotIn("Secret", self.text)
        self.send(team_id=str(hidden.id))
        self.assertFalse(self.env["helpdesk.ticket"].search([("team_id", "=", hidden.id)]))
        self.assertIn("choose who can help you", self.text)

    def test_team_of_another_company_is_not_offered(self):
        company = self.env["res.company"].create({"name": "Elsewhere"})
        other = self.env["helpdesk.team"].create(
            {"name": "Elsewhere's", "company_id": company.id, "use_website_form": True}
        )
        self.assertNotIn(other, self.env["helpdesk.team"]._get_website_teams(self.website))

    def test_page_without_teams_says_so(self):
        self.team.use_website_form = False
        self.open_page()
        self.assertIn("cannot be sent here", self.text)
        self.assertNotIn('name="mark"', self.text)

    # Machines ------------------------------------------------------------------------------

    def test_field_that_nobody_sees_opens_no_ticket(self):
        self.open_page()
        answer = self.send(website_url="https://spam.example")
        self.assertIn("Thank you", answer.text)
        self.assertFalse(self.tickets())

    def test_faster_than_anybody_opens_no_ticket(self):
        self.open_page()
        self.send(seconds=1)
        self.assertIn("very fast", self.text)
        self.assertFalse(self.tickets())

    def test_form_of_ones_own_making_opens_no_ticket(self):
        self.open_page()
        mark = self.hidden("mark")
        for forged in ("", "AAAA", mark[:-4] + "AAAA", "\0", "x" * 5000):
            with self.subTest(mark=forged[:10]):
                self.send(mark=forged)
                self.assertFalse(self.tickets())

    def test_form_of_yesterday_opens_no_ticket(self):
        Ticket = self.env["helpdesk.ticket"]
        with patch.object(helpdesk_ticket, "HOURS_MAX", -1):
            old = Ticket._website_new_form()
        with self.assertRaisesRegex(UserError, "open for too long"):
            Ticket._website_read_form(old)

    def test_form_sent_again_opens_no_second_ticket(self):
        self.open_page()
        sent = {"mark": self.hidden("mark"), "csrf_token": self.hidden("csrf_token")}
        self.send(**sent)
        number = self.tickets().number
        self.text = "".join(f'name="{name}" value="{value}"' for name, value in sent.items())
        self.send(**sent)
        self.assertEqual(len(self.tickets()), 1)
        self.assertIn(number, self.text)

    def test_without_csrf_token_nothing_happens(self):
        self.open_page()
        with mute_logger("odoo.http"):
            answer = self.send(csrf_token="x")
        self.assertEqual(answer.status_code, 400)
        self.assertFalse(self.tickets())

    def test_get_opens_no_ticket(self):
        self.open_page(f"{PAGE}?subject=a&body=b&team_id={self.team.id}")
        self.assertFalse(self.tickets())

    def test_mailbox_of_somebody_else_is_not_filled(self):
        for _turn in range(helpdesk_ticket.ADDRESS_PER_HOUR + 2):
            self.open_page()
            self.send()
        self.assertEqual(len(self.tickets()), helpdesk_ticket.ADDRESS_PER_HOUR)
        self.assertIn("many requests", self.text)

    def test_client_sends_so_often(self):
        with patch("odoo.addons.crm_core.models.crm_rate_limit.CrmRateLimit._allow", return_value=False):
            self.open_page()
            answer = self.send()
        self.assertEqual(answer.status_code, 429)
        self.assertFalse(self.tickets())

    def test_captcha_of_the_erp_is_asked(self):
        self.open_page()
        self.assertIn('data-captcha="helpdesk_contact"', self.text)
        asked = []

        def verify(_http, action):
            asked.append(action)
            raise UserError(action)

        with patch.object(self.registry["ir.http"], "_verify_request_recaptcha_token", verify):
            self.send()
        self.assertEqual(asked, ["helpdesk_contact"])
        self.assertFalse(self.tickets())
        self.assertIn("Since this morning.", self.text, "nothing is lost")
        self.send()
        self.assertTrue(self.tickets())

    def test_too_much_is_refused(self):
        self.open_page()
        for values in ({"subject": "x" * 201}, {"body": "x" * 10001}, {"name": "x" * 101}):
            self.send(**values)
            self.assertFalse(self.tickets())
        with patch.object(helpdesk_ticket, "FILE_BYTES_MAX", 10):
            self.send(files={"files": ("a.txt", b"x" * 11)})
        self.assertIn("is larger than", self.text)
        self.send(files=[("files", (f"{number}.txt", b"x")) for number in range(6)])
        self.assertIn("Up to 5 files", self.text)
        self.assertFalse(self.tickets())

    # Pages ---------------------------------------------------------------------------------

    def test_page_is_in_the_sitemap_while_there_is_a_team(self):
        self.assertIn(PAGE, self.get_sitemap())
        self.team.use_website_form = False
        self.assertNotIn(PAGE, self.get_sitemap())

    def get_sitemap(self):
        # Website finds the registry by the name that the server notes on its threads.
        with patch.object(current_thread(), "dbname", self.env.cr.dbname, create=True):
            return [page["loc"] for page in self.website._enumerate_pages(query_string="contact-support")]


class ContactSupportTour(HelpdeskCommon, HttpCase):
    """The way of a visitor, in a browser."""

    def tour(self):
        self.env["helpdesk.team"].search([]).use_website_form = False
        company = self.env.ref("website.default_website").company_id
        self.team.write({"company_id": company.id, "use_website_form": True})
        other = self.make_team("Invoices", self.ben, company_id=company.id, use_website_form=True)
        with patch.object(helpdesk_ticket, "SECONDS_MIN", 0):
            self.start_tour(f"{PAGE}?team={self.team.id}", "helpdesk_contact_support", timeout=120)
        ticket = self.env["helpdesk.ticket"].search([("partner_email", "=", "max@nowhere.example")])
        self.assertEqual((ticket.name, ticket.team_id), ("The printer leaks", other))
        self.assertIn("Since this morning.", ticket.description)


@tagged("post_install", "-at_install")
class TestContactSupportDesktop(ContactSupportTour):
    def test_visitor(self):
        self.tour()


@tagged("post_install", "-at_install")
class TestContactSupportPhone(ContactSupportTour):
    browser_size = "390x844"
    touch_enabled = True

    def test_visitor_on_the_phone(self):
        self.tour()
