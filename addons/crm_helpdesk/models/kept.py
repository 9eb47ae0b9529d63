"""Set-up that tickets ask for all the time is kept in the ORM's caches: as it was committed, never as a
transaction has it that may still take it back.
"""

from functools import partial

from odoo import api, models

CHANGED = "crm_helpdesk.changed"


def forget(env):
    """Whatever is kept has changed: empty the caches, now and after the transaction."""
    env.registry.clear_cache()
    env.cr.postcommit.data[CHANGED] = True
    env.cr.postcommit.add(partial(_forget_committed, env.registry))


def _forget_committed(registry):
    """Another thread may have looked at what was true until then, or does so yet: who began before sees the
    tables as they were.
    """
    with registry.cursor() as cr:
        registry.crm_helpdesk_changed_at = cr.now()
    registry.clear_cache()


def may_keep(env):
    """Whether what is read now is what was committed last: neither changed here nor since this transaction
    began, by the clock of the database.
    """
    if CHANGED in env.cr.postcommit.data:
        return False
    changed_at = getattr(env.registry, "crm_helpdesk_changed_at", None)
    return changed_at is None or env.cr.now() > changed_at


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
