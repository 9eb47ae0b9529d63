from odoo import fields
from odoo.tools import SQL, sql


class Many2oneWithoutKey(fields.Many2one):
    """A many2one of a derived table to a record that many rows share: no foreign key in the database.

    PostgreSQL locks the row that a foreign key points to on each insert. Under REPEATABLE READ a batch
    of facts would fail whenever somebody writes on one of its customers or products meanwhile, and a
    collection of all facts would take a quarter longer. The model has to take its rows away when
    the record is deleted (a company never is: warehouses and journals hold it).
    """

    def update_db_foreign_key(self, model, column):
        """Make none, and drop the one that an earlier version of the field made."""
        comodel = model.env[self.comodel_name]
        for name in sql.get_foreign_keys(
            model.env.cr, model._table, self.name, comodel._table, "id", self.ondelete or "set null"
        ):
            model.env.cr.execute(
                SQL("ALTER TABLE %s DROP CONSTRAINT %s", SQL.identifier(model._table), SQL.identifier(name))
            )
