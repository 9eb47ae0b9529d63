from odoo import fields


class Many2oneWithoutKey(fields.Many2one):
    """A many2one of a derived table to a record that many rows share: no foreign key in the database.

    PostgreSQL locks the row that a foreign key points to on each insert. Under REPEATABLE READ a batch
    of facts would fail whenever somebody writes on one of its customers or products meanwhile, and a
    collection of all facts would take a quarter longer. The model has to take its rows away when
    the record is deleted (a company never is: warehouses and journals hold it).
    """

    def update_db_foreign_key(self, model, column):
        """Make none."""
