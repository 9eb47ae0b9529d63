from odoo.tools import SQL

from . import controllers
from . import demo
from . import models
from . import report
from . import wizards


def post_init_hook(env):
    """Ask for the first collection of facts; it runs in the background, not in the installation."""
    env["res.company"].with_context(active_test=False).search([])._crm_rebuild_facts()
    env["crm.interaction.fill"]._request_missing()
    env.ref("crm_core.ir_cron_interaction_fill")._trigger()


def uninstall_hook(env):
    """Take away what PostgreSQL would keep: the guard of the append-only tables. Their rows hold on to
    records that are deleted before the tables are.
    """
    env.cr.execute(SQL("DROP FUNCTION IF EXISTS crm_core_append_only() CASCADE"))
    env.cr.execute(
        SQL(
            "TRUNCATE crm_consent_event, crm_privacy_log, crm_sensitive_access, crm_sensitive_data,"
            " crm_contact_preference CASCADE"
        )
    )
