from . import controllers
from . import demo
from . import models
from . import report
from . import wizards
from .models.res_company import SEQUENCE


def post_init_hook(env):
    """Give each company its own numbers."""
    env["res.company"].search([])._helpdesk_ensure_sequences()


def uninstall_hook(env):
    """The numbers go with the tickets, and the facts are collected anew without them."""
    env["ir.sequence"].search([("code", "=", SEQUENCE)]).unlink()
    env["res.company"].with_context(active_test=False)._crm_all()._crm_rebuild_facts()
