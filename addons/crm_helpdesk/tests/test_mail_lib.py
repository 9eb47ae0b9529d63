from email.message import EmailMessage

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from odoo.tests import BaseCase, tagged

from ..lib.automatic_mail import is_automatic, is_machine_answer, may_be_answered_automatically
from ..lib.mail_failure import describe
from ..lib.raw_mail import addresses_in_order, digest, read_headers

# headers: written by a machine, answer of a machine, may be answered by one
CASES = (
    ({}, False, False, True),
    ({"Auto-Submitted": "no"}, False, False, True),
    ({"Auto-Submitted": "auto-generated"}, True, False, False),
    ({"Auto-Submitted": "Auto-Replied; owner-email=a@b.example"}, True, True, False),
    ({"Precedence": "Bulk"}, True, False, False),
    ({"Precedence": "list"}, False, False, False),
    ({"Precedence": "auto_reply"}, True, True, False),
    ({"X-Autoreply": "yes"}, True, True, False),
    ({"X-Autorespond": ""}, False, False, True),
    ({"X-Auto-Response-Suppress": "OOF"}, False, False, True),
    ({"X-Auto-Response-Suppress": "DR, AutoReply"}, False, False, False),
    ({"X-Auto-Response-Suppress": "All"}, True, False, False),
    ({"List-Id": "<a.b.example>", "List-Post": "<mailto:a@b.example>"}, False, False, False),
    ({"List-Unsubscribe": "<https://b.example>"}, True, False, False),
    (
        {"List-Unsubscribe": "<https://b.example>", "List-Post": "<mailto:a@b.example>"},
        False,
        False,
        False,
    ),
    ({"Return-Path": "<>"}, True, True, False),
    ({"Return-Path": "<iris@alma.example>"}, False, False, True),
    ({"From": "Mail Delivery <MAILER-DAEMON@mx.example>"}, True, True, False),
    ({"From": "postmaster@mx.example"}, True, True, False),
    ({"From": "Shop <no-reply@shop.example>"}, False, False, False),
    ({"Content-Type": "multipart/report; report-type=delivery-status"}, True, True, False),
)


patient = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


@tagged("post_install", "-at_install")
class TestMailLib(BaseCase):
    """What the headers of a mail say, whatever they are."""

    def test_who_wrote_it(self):
        for headers, automatic, answer, may_answer in CASES:
            with self.subTest(headers=headers):
                self.assertEqual(is_automatic(headers), automatic)
                self.assertEqual(is_machine_answer(headers), answer)
                self.assertEqual(may_be_answered_automatically(headers), may_answer)

    def test_headers_of_a_message(self):
        message = EmailMessage()
        message["Auto-Submitted"] = "auto-replied"
        self.assertTrue(is_automatic(message))

    def test_headers_are_read(self):
        raw = (
            b"From: =?utf-8?q?Ir=C3=ADs?= <iris@alma.example>\r\nTo: B <B@d.example>, a@d.example\r\n"
            b"Cc: a@d.example\r\nSubject: =?iso-8859-1?q?T=F6ner?=\r\nMessage-ID: <1@a>\r\n"
            b"References: <x@a> <y@a>\r\n\r\nHello"
        )
        read = read_headers(raw)
        self.assertEqual((read["subject"], read["sender"]), ("Töner", "Irís <iris@alma.example>"))
        self.assertEqual(read["recipients"], ["b@d.example", "a@d.example"])
        self.assertEqual((read["message_id"], read["references"]), ("<1@a>", ["<x@a>", "<y@a>"]))

    def test_unknown_charset_is_shown_as_it_is(self):
        read = read_headers(b"Subject: =?no-such-charset?q?abc?=\r\n\r\n")
        self.assertIn("abc", read["subject"])

    def test_null_bytes_are_gone(self):
        self.assertNotIn("\0", read_headers(b"Subject: a\0b\r\n\r\n")["subject"])

    @patient
    @given(some.binary(max_size=400))
    def test_nothing_is_so_broken_that_reading_raises(self, raw):
        for value in read_headers(raw).values():
            "".join(value).encode()
        self.assertEqual(len(digest(raw)), 64)

    @patient
    @given(some.lists(some.text(max_size=60)))
    def test_no_list_of_addresses_raises(self, texts):
        self.assertIsInstance(addresses_in_order(texts), list)

    def test_error_says_where_and_nothing_of_the_mail(self):
        text = ""
        try:
            raise ValueError("iris@alma.example is wrong")
        except ValueError as error:
            text = describe(error)
        self.assertIn("ValueError", text)
        self.assertIn("test_error_says_where", text)
        self.assertNotIn("iris", text)
