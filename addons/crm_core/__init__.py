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
    """Take away what PostgreSQL would keep: the guard of the append-only tables."""
    env.cr.execute(SQL("DROP FUNCTION IF EXISTS crm_core_append_only() CASCADE"))
