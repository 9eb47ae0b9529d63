"""Pytest plugin that leaves the files of attachments where they are until the round is over.

After each test class Odoo deletes the files that no attachment of its database names. The workers have
a database each and one folder of files: a worker would delete what a test of the other has just
written. Whatever the tests leave goes with the database, after the round.
"""

from unittest.mock import patch

import pytest

from odoo.tests.common import TransactionCase


@pytest.fixture(scope="session", autouse=True)
def kept_files():
    """Clear no files away."""
    with patch.object(TransactionCase, "_gc_filestore", lambda: None):
        yield
