from odoo import fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL


class CrmSensitiveKeys(models.TransientModel):
    """How the sensitive values are sealed, and renewing the seals after the key was changed."""

    _name = "crm.sensitive.keys"
    _description = "Keys of Sensitive Data"

    value_count = fields.Integer("Values", compute="_compute_state")
    old_count = fields.Integer("Sealed with an Older Key", compute="_compute_state")
    problem = fields.Char(compute="_compute_state")

    def _compute_state(self):
        Data = self.env["crm.sensitive.data"]
        try:
            mark, problem = Data._get_sealer().mark, False
        except UserError as error:
            mark, problem = None, str(error)
        rows = self.env.execute_query(
            SQL(
                "SELECT count(*), count(*) FILTER (WHERE sealed_by IS DISTINCT FROM %s)"
                "  FROM crm_sensitive_data WHERE sealed_value IS NOT NULL",
                mark,
            )
        )
        for keys in self:
            keys.value_count, keys.old_count = rows[0]
            keys.problem = problem

    def action_renew(self):
        """Seal every value with the newest key."""
        return self.env["crm.sensitive.data"].action_renew_seals()
