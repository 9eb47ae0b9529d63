from odoo import api, models
from odoo.exceptions import UserError
from odoo.tools import SQL

GUARD = """
CREATE OR REPLACE FUNCTION crm_core_append_only() RETURNS trigger AS $$
BEGIN
    -- Merging two partners moves what is theirs to the one that is left; nothing else is ever changed.
    IF TG_OP = 'UPDATE' AND to_jsonb(NEW) - 'partner_id' = to_jsonb(OLD) - 'partner_id' THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'Rows of %% can neither be changed nor deleted', TG_TABLE_NAME;
END;
$$ LANGUAGE plpgsql
"""


class CrmAppendOnly(models.AbstractModel):
    """Mixin for records that are proof: neither the ORM nor SQL changes or deletes them.

    Set ``_log_access = False``: who and when are fields of the model, and user accounts may be deleted.
    Every many2one of the inheriting model needs ``ondelete="restrict"``: PostgreSQL may set none to null.
    """

    _name = "crm.append.only"
    _description = "Append-only records (mixin)"

    def init(self):
        if not self._abstract:
            self._guard_table()
        return super().init()

    @api.model
    def _guard_table(self):
        """Let the database refuse every UPDATE, DELETE and TRUNCATE of the table (but see GUARD)."""
        self.env.cr.execute(SQL(GUARD))
        table = SQL.identifier(self._table)
        for suffix, event in (
            ("append_only", SQL("BEFORE UPDATE OR DELETE ON %s FOR EACH ROW", table)),
            ("no_truncate", SQL("BEFORE TRUNCATE ON %s", table)),
        ):
            name = SQL.identifier(f"{self._table}_{suffix}")
            self.env.cr.execute(SQL("DROP TRIGGER IF EXISTS %s ON %s", name, table))
            self.env.cr.execute(
                SQL("CREATE TRIGGER %s %s EXECUTE FUNCTION crm_core_append_only()", name, event)
            )

    def write(self, vals):
        if self and vals:
            raise UserError(self.env._("“%s” is never changed: it is proof.", self._description))
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        raise UserError(self.env._("“%s” is never deleted: it is proof.", self._description))
