import hashlib

from psycopg2.errors import LockNotAvailable, SerializationFailure

from odoo import SUPERUSER_ID, api
from odoo.tests import TransactionCase, tagged
from odoo.tools import mute_logger

KEY = "<two-fetchers@alma.example>"


@tagged("post_install", "-at_install")
class TestMailReceipt(TransactionCase):
    """Two fetchers get the same mail at the same time, each with a transaction of its own."""

    def setUp(self):
        super().setUp()
        self.addCleanup(self.forget)
        self.first, self.second = (self.open_cursor() for _turn in range(2))

    def open_cursor(self):
        cr = self.registry.cursor()
        self.addCleanup(cr.close)
        cr.execute("SET lock_timeout = '200ms'")
        cr.execute(
            "SELECT 1"
        )  # what it sees is settled now, as at a fetcher that has looked for the Message-Id
        return cr

    def forget(self):
        with self.registry.cursor() as cr:
            key = hashlib.sha256(KEY.encode()).hexdigest()
            cr.execute("DELETE FROM helpdesk_mail_receipt WHERE key = %s", [key])

    def claim(self, cr):
        return api.Environment(cr, SUPERUSER_ID, {})["helpdesk.mail.router"]._claim(KEY)

    @mute_logger("odoo.sql_db")
    def test_second_one_waits_for_the_first(self):
        self.assertTrue(self.claim(self.first))
        with self.assertRaises(LockNotAvailable):
            self.claim(self.second)

    @mute_logger("odoo.sql_db")
    def test_second_one_fails_when_the_first_is_done(self):
        self.assertTrue(self.claim(self.first))
        self.first.commit()
        with self.assertRaises(SerializationFailure):
            self.claim(self.second)
        self.second.rollback()
        # It tries again, and finds the mail taken.
        self.assertFalse(self.claim(self.second))

    def test_second_one_may_when_the_first_fails(self):
        self.assertTrue(self.claim(self.first))
        self.first.rollback()
        self.assertTrue(self.claim(self.second))
