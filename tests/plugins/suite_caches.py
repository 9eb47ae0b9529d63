"""Pytest plugin that keeps the ORM's caches, and what the catalog says, from one test to the next.

Odoo empties every cache after each test, because a test is rolled back; filling them anew takes an
eighth of the time of our tests. Here a cache is put back as it was before the test. What the test
added is kept as well (rendered values excepted), unless something emptied the cache meanwhile: whatever
changes what it holds must do that.

Merging partners asks the catalog about every table that points to them, a fifth of a second for each
merge. No test changes the tables, so the answers hold for all of them.
"""

import gc
from unittest.mock import patch

import pytest

from odoo.orm.registry import Registry
from odoo.tests.common import TransactionCase, get_db_name
from odoo.tools.lru import LRU

from odoo.addons.base.wizard import base_partner_merge

# The caches whose new entries are kept.
SHARED = ("assets", "default", "templates", "routing", "routing.rewrites", "groups", "stable")


class Caches:
    """The caches of the registry, and which of them were emptied."""

    def __init__(self):
        self.emptied = set()
        self.kept = None

    def all(self):
        """:return: {name: cache}"""
        return Registry(get_db_name())._Registry__caches

    def begin(self):
        """Remember what the caches hold."""
        self.emptied.clear()
        self.before = {name: cache.snapshot for name, cache in self.all().items()}
        self.kept = None

    def remember(self):
        """Decide what outlives the test; called while the caches still hold what it added."""
        self.kept = {
            name: cache.snapshot if name in SHARED and id(cache) not in self.emptied else self.before[name]
            for name, cache in self.all().items()
        }

    def put_back(self):
        """Fill the caches, which the end of the test has emptied."""
        for name, entries in (self.kept or {}).items():
            cache = self.all()[name]
            for key, value in entries.items():
                cache[key] = value


@pytest.fixture(scope="session", autouse=True)
def caches(load_registry):
    """Watch which caches are emptied."""
    caches = Caches()
    set_up, clear = TransactionCase.setUp, LRU.clear

    def set_up_and_remember(self):
        set_up(self)
        self.addCleanup(caches.remember)

    def watched_clear(self):
        caches.emptied.add(id(self))
        clear(self)

    with (
        patch.object(TransactionCase, "setUp", set_up_and_remember),
        patch.object(LRU, "clear", watched_clear),
    ):
        yield caches


@pytest.fixture(autouse=True)
def kept_caches(caches):
    """Keep the caches over one test."""
    caches.begin()
    yield
    caches.put_back()


@pytest.fixture(scope="session", autouse=True)
def known_tables():
    """Ask about each table once."""
    wizard = base_partner_merge.BasePartnerMergeAutomaticWizard
    table_columns, get_fk_on = base_partner_merge.table_columns, wizard._get_fk_on
    columns, foreign_keys = {}, {}

    def known_columns(cr, table):
        if table not in columns:
            columns[table] = table_columns(cr, table)
        return columns[table]

    def known_foreign_keys(self, table):
        if table not in foreign_keys:
            foreign_keys[table] = get_fk_on(self, table)
        return foreign_keys[table]

    with (
        patch.object(base_partner_merge, "table_columns", known_columns),
        patch.object(wizard, "_get_fk_on", known_foreign_keys),
    ):
        yield


@pytest.fixture(scope="session", autouse=True)
def settled_memory(load_registry):
    """Spare the garbage collector what was loaded with the registry: it stays until the end."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
