from contextlib import contextmanager
from itertools import chain

from odoo.tools import SQL

from ..lib.table_copy import Reader, to_file

ROWS = 100_000  # written at a time
TYPES = {"int": "int4", "float": "float8", "bool": "bool", "date": "date", "money": "numeric"}


def copy_out(env, query, kinds, take):
    """Read many rows as arrays: a fraction of the time that records or tuples take.

    :param SQL query: SELECT of columns without NULL, of these kinds (see :mod:`..lib.table_copy`)
    :param take: called with a list of arrays, for some rows at a time, in a thread of its own; it must not
        use the database
    """
    statement = SQL("COPY (%s) TO STDOUT (FORMAT binary)", query)
    env.flush_query(statement)
    with Reader(kinds, take) as file:
        env.cr.copy_expert(env.cr.mogrify(statement.code, statement.params), file)


def copy_in(env, table, columns, arrays, decimals=2):
    """Make a temporary table of arrays, until the end of the transaction.

    :param str table: its name
    :param dict columns: {column: kind}
    :param dict arrays: {column: array}, all of the same length
    :param int decimals: of amounts
    """
    types = [SQL("%s %s", SQL.identifier(name), SQL(TYPES[kind])) for name, kind in columns.items()]
    names = SQL(", ").join(map(SQL.identifier, columns))
    env.cr.execute(SQL("DROP TABLE IF EXISTS %s", SQL.identifier(table)))
    env.cr.execute(
        SQL("CREATE TEMPORARY TABLE %s (%s) ON COMMIT DROP", SQL.identifier(table), SQL(", ").join(types))
    )
    statement = SQL("COPY %s (%s) FROM STDIN (FORMAT binary)", SQL.identifier(table), names)
    kinds, values = list(columns.values()), [arrays[name] for name in columns]
    for start in range(0, len(values[0]), ROWS):
        part = [column[start : start + ROWS] for column in values]
        env.cr.copy_expert(env.cr.mogrify(statement.code, statement.params), to_file(kinds, part, decimals))
    env.cr.execute(SQL("ANALYZE %s", SQL.identifier(table)))


@contextmanager
def filled_at_once(model, source=None):
    """While a table gets more than it has, it has no index: making them afterwards takes a third of the time.
    Otherwise it keeps its indexes. So it does with one that a foreign key rests on.

    Nobody else reads the table then until the end of the transaction, and no two may do this with one table
    at a time: who waited for the other would not know its new indexes.

    :param str source: table of what is going to be added; empty: a table must never have been written in
    """
    cr, table = model.env.cr, SQL.identifier(model._table)
    model.flush_model()

    def is_worth():
        # What is on disk, whoever has written it: what others did since this transaction began, it would not
        # see among the rows.
        added = SQL("pg_relation_size(%s)", source) if source else SQL("0")
        cr.execute(SQL("SELECT pg_relation_size(%s) <= %s", model._table, added))
        return cr.fetchone()[0]

    if is_worth():
        cr.execute(SQL("LOCK TABLE %s", table))
    if not is_worth():
        yield
        return
    # Names and definitions as the database itself gives them, quoted where need be.
    cr.execute(
        SQL(
            """
            SELECT CASE WHEN key.oid IS NULL THEN format('DROP INDEX %%s', index.indexrelid::regclass)
                        ELSE format('ALTER TABLE %%s DROP CONSTRAINT %%I', key.conrelid::regclass, conname)
                    END,
                   CASE WHEN key.oid IS NULL THEN pg_get_indexdef(index.indexrelid)
                        ELSE format('ALTER TABLE %%s ADD CONSTRAINT %%I %%s', key.conrelid::regclass, conname,
                                    pg_get_constraintdef(key.oid))
                    END,
                   -- By its comment Odoo knows an index whose definition is to be changed.
                   format('COMMENT ON INDEX %%s IS %%L', index.indexrelid::regclass,
                          obj_description(index.indexrelid, 'pg_class'))
              FROM pg_index index
              LEFT JOIN pg_constraint key
                     ON key.conindid = index.indexrelid AND key.conrelid = index.indrelid
             WHERE index.indrelid = %s::regclass
               AND NOT EXISTS (SELECT FROM pg_constraint reference
                                WHERE reference.conindid = index.indexrelid AND reference.contype = 'f')
             ORDER BY index.indexrelid
            """,
            model._table,
        )
    )
    statements = cr.fetchall()
    for drop, *_makes in statements:
        cr.execute(SQL(drop))  # pylint: disable=sql-injection
    yield
    for make in chain.from_iterable(makes for _drop, *makes in statements):
        cr.execute(SQL(make))  # pylint: disable=sql-injection
