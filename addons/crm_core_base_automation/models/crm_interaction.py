import logging
from contextvars import ContextVar

from psycopg2 import OperationalError

from odoo import models

from odoo.addons.base_automation.models.base_automation import CREATE_TRIGGERS

_logger = logging.getLogger(__name__)

# Rules are at work up the stack. What they flush ends in _announce again, in an environment of its own:
# no context gets there.
_at_work = ContextVar("crm_core_base_automation.at_work", default=False)


class CrmInteraction(models.Model):
    _inherit = "crm.interaction"

    def _announce(self):
        """The timeline is written by SQL, which starts no rule: those about new records run here."""
        super()._announce()
        if _at_work.get():
            return  # made by a rule: told in the timeline, but starts none, or there would be no end
        rules = self.env["base.automation"]._get_actions(self, CREATE_TRIGGERS)
        if not rules:
            return
        contacts = self.with_env(rules.env).exists()
        token = _at_work.set(True)
        try:
            for rule in rules.with_context(old_values=None):
                contacts._run_automation(rule)
            # The ORM does not flush again what is written this late.
            self.env.cr.flush()
        finally:
            _at_work.reset(token)

    def _run_automation(self, rule):
        """A rule that fails stops neither the other rules nor the order, mail or call it is about."""
        try:
            with self.env.cr.savepoint():
                rule._process(rule._filter_post(self, feedback=True))
        except OperationalError:
            raise  # the whole transaction is tried again
        except Exception:
            _logger.exception("Automation rule “%s” failed on new contacts", rule.sudo().name)
