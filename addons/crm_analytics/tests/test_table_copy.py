from datetime import date

import numpy as np

from odoo.tests import TransactionCase, tagged
from odoo.tools import SQL

from ..models.table_copy import copy_in, copy_out, filled_at_once


@tagged("post_install", "-at_install")
class TestTableCopy(TransactionCase):
    """Arrays go into the database and come out as they were."""

    def copied(self, arrays, decimals=2):
        kinds = {"number": "int", "amount": "money", "share": "float", "day": "date", "yes": "bool"}
        copy_in(self.env, "copied", kinds, arrays, decimals)
        return self.env.execute_query(
            SQL("SELECT number, amount::text, share, day, yes FROM copied ORDER BY number")
        )

    def test_values_arrive(self):
        amounts = np.array([0, -0.004, 1234567890123.45, -17.005, 0.01, 99_999_999.99, 10_000])
        count = len(amounts)
        arrays = {
            "number": np.arange(count) - 3,
            "amount": amounts,
            "share": amounts / 3,
            "day": np.array([0, 10_956, 10_957, 20_000, -1, 1, 30_000]),
            "yes": np.arange(count) % 2 == 0,
        }
        rows = self.copied(arrays)
        self.assertEqual([row[0] for row in rows], arrays["number"].tolist())
        self.assertEqual(
            [row[1] for row in rows],
            ["0.00", "0.00", "1234567890123.45", "-17.00", "0.01", "99999999.99", "10000.00"],
        )
        self.assertEqual([row[2] for row in rows], arrays["share"].tolist())
        self.assertEqual(rows[1][3], date(1999, 12, 31))
        self.assertEqual(rows[4][3], date(1969, 12, 31))
        self.assertEqual([row[4] for row in rows], arrays["yes"].tolist())
        self.assertEqual(self.copied(arrays, decimals=0)[3][1], "-17")
        self.assertEqual(self.copied(arrays, decimals=4)[3][1], "-17.0050")
        found = []
        query = SQL("SELECT number, share, day, yes FROM copied ORDER BY number")
        copy_out(self.env, query, ("int", "float", "date", "bool"), found.append)
        for name, column in zip(("number", "share", "day", "yes"), found[0], strict=True):
            np.testing.assert_array_equal(column, arrays[name])

    def test_many_rows_come_in_pieces(self):
        found = []
        query = SQL("SELECT number, 2.5::float8 FROM generate_series(1, 1200000) AS number")
        copy_out(self.env, query, ("int", "float"), found.append)
        self.assertGreater(len(found), 1)
        np.testing.assert_array_equal(np.concatenate([part[0] for part in found]), np.arange(1, 1_200_001))

    def test_what_is_unknown_is_refused(self):
        for query in (SQL("SELECT NULL::int4"), SQL("SELECT 1, 2"), SQL("SELECT 1::int8")):
            with self.assertRaises(ValueError):
                copy_out(self.env, query, ["int"], lambda columns: None)

    def test_what_cannot_be_taken_is_told(self):
        def refuse(columns):
            raise ZeroDivisionError

        for count in (1, 2_000_000):
            query = SQL("SELECT number FROM generate_series(1, %s) AS number", count)
            with self.assertRaises(ZeroDivisionError):
                copy_out(self.env, query, ["int"], refuse)
            self.assertEqual(self.env.execute_query(SQL("SELECT 1")), [(1,)])

    def test_indexes_are_there_again_after_a_table_was_filled(self):
        History = self.env["crm.analytics.segment.history"]
        History.flush_model()
        self.env.cr.execute(SQL("TRUNCATE %s", SQL.identifier(History._table)))
        query = SQL(
            """
            SELECT indexdef, obj_description(format('%%I', indexname)::regclass)
              FROM pg_indexes WHERE tablename = %s ORDER BY 1
            """,
            History._table,
        )
        before = self.env.execute_query(query)
        with filled_at_once(History):
            self.assertFalse(self.env.execute_query(query))
        self.assertEqual(self.env.execute_query(query), before)
        keys = SQL("SELECT conname, contype FROM pg_constraint WHERE conrelid = %s::regclass", History._table)
        self.assertIn((f"{History._table}_pkey", "p"), self.env.execute_query(keys))
        self.env.cr.execute(
            SQL("CREATE TABLE crm_test_of (id int REFERENCES %s)", SQL.identifier(History._table))
        )
        with filled_at_once(History):
            self.assertEqual(len(self.env.execute_query(query)), 1, "that of the ids, others rest on it")
        segment = self.env["crm.analytics.segment"].search([], limit=1)
        History.create(
            {
                "company_id": self.env.company.id,
                "partner_id": self.env.user.partner_id.id,
                "segment_id": segment.id,
                "date_from": "2024-01-01",
            }
        )
        with filled_at_once(History):
            self.assertEqual(self.env.execute_query(query), before, "a table with rows keeps them")
