"""Set-up that tickets ask for all the time is kept in the ORM's caches: as it was committed, never as a
transaction has it that may still take it back.
"""

from odoo import api, models

CHANGED = "crm_helpdesk.changed"


def forget(env):
    """Whatever is kept has changed: empty the caches, and after the transaction once more, as another thread
    may have looked at what was true until then.
    """
    env.registry.clear_cache()
    env.cr.postcommit.data[CHANGED] = True
    env.cr.postcommit.add(env.registry.clear_cache)


def may_keep(env):
    """Whether what is read now is what was committed."""
    return CHANGED not in env.cr.postcommit.data


class HelpdeskKept(models.AbstractModel):
    """Records of which something is kept: whatever changes them makes it be read anew."""

    _name = "helpdesk.kept"
    _description = "Kept in Memory"

    @api.model_create_multi
    def create(self, vals_list):
        # Before as well: constraints look at what is new.
        forget(self.env)
        records = super().create(vals_list)
        forget(self.env)
        return records

    def write(self, vals):
        forget(self.env)
        result = super().write(vals)
        forget(self.env)
        return result

    def unlink(self):
        result = super().unlink()
        forget(self.env)
        return result
