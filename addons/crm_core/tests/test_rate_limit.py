from datetime import datetime, timedelta

from psycopg2.errors import SerializationFailure

from odoo import fields
from odoo.exceptions import AccessError
from odoo.tests import TransactionCase, freeze_time, new_test_user, tagged

from ..models.crm_rate_limit import _network

NOON = datetime(2026, 3, 2, 12)


@tagged("post_install", "-at_install")
class TestRateLimit(TransactionCase):
    """So often within so many minutes, and then no more for a while."""

    def setUp(self):
        super().setUp()
        mode = self.enter_registry_test_mode()
        mode.__enter__()
        self.addCleanup(mode.__exit__, None, None, None)
        self.Limit = self.env["crm.rate.limit"]

    def allow(self, who="192.0.2.1", scope="form", limit=2, minutes=10):
        return self.Limit._allow(scope, who, limit, minutes)

    def test_so_often_and_no_more(self):
        with freeze_time(NOON):
            self.assertEqual([self.allow() for _turn in range(4)], [True, True, False, False])

    def test_time_begins_with_the_first(self):
        for minutes, expected in ((0, True), (6, True), (9, False), (10, True), (11, True), (12, False)):
            with freeze_time(NOON + timedelta(minutes=minutes)):
                self.assertEqual(self.allow(), expected, minutes)

    def test_others_and_other_things_count_apart(self):
        with freeze_time(NOON):
            self.assertTrue(self.allow(limit=1))
            self.assertFalse(self.allow(limit=1))
            self.assertTrue(self.allow("192.0.2.2", limit=1))
            self.assertTrue(self.allow(scope="other", limit=1))

    def test_whole_network_of_ipv6_is_one(self):
        self.assertEqual(_network("2001:db8::1"), _network("2001:db8::ffff:2"))
        self.assertNotEqual(_network("2001:db8::1"), _network("2001:db8:0:1::1"))
        self.assertEqual(_network("::ffff:192.0.2.1"), "192.0.2.1")
        self.assertEqual(_network("user 7"), "user 7")

    def test_who_it_was_is_not_kept(self):
        self.allow("192.0.2.77")
        self.assertFalse(self.Limit.search([("key", "ilike", "192")]))

    def test_counters_go_after_a_day(self):
        with freeze_time(NOON):
            self.allow()
        old = self.Limit.search([("started_at", "=", fields.Datetime.to_string(NOON))])
        self.assertTrue(old)
        with freeze_time(NOON + timedelta(days=2)):
            self.Limit._gc_counters()
        self.assertFalse(old.exists())

    def test_nobody_reads_or_resets_his_counter(self):
        user = new_test_user(self.env, "limited", groups="base.group_user")
        self.allow()
        for method in ("read", "unlink"):
            with self.assertRaises(AccessError):
                self.Limit.with_user(user).check_access(method)


@tagged("post_install", "-at_install", "thorough")
class TestRateLimitTogether(TransactionCase):
    """Requests at the same time, each with a transaction of its own."""

    def test_none_is_lost(self):
        period = timedelta(minutes=10)
        key = self.env["crm.rate.limit"]._get_key("together", "192.0.2.9")

        def forget():
            with self.registry.cursor() as cr:
                cr.execute("DELETE FROM crm_rate_limit WHERE key = %s", [key])

        self.addCleanup(forget)
        first, second = (self.registry.cursor() for _turn in range(2))
        # Closed before the cleaning: what they hold locked would stop it.
        self.addCleanup(first.close)
        self.addCleanup(second.close)
        second.execute("SELECT 1")  # what it sees is settled before the first one counts
        counters = self.env["crm.rate.limit"]
        self.assertEqual(counters.with_env(self.env(cr=first))._count(key, period), 1)
        first.commit()
        with self.assertRaises(SerializationFailure), self.assertLogs("odoo.sql_db", "ERROR"):
            counters.with_env(self.env(cr=second))._count(key, period)
        second.rollback()
        second.execute("SET lock_timeout = '5s'")
        self.assertEqual(counters.with_env(self.env(cr=second))._count(key, period), 2)
