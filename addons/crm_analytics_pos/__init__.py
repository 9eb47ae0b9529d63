from . import models


def post_init_hook(env):
    """Receipts from before the installation become days of purchase, in the background."""
    env["res.company"].with_context(active_test=False).search([])._crm_rebuild_facts()


def uninstall_hook(env):
    """The days are derived anew without receipts."""
    env["res.company"].with_context(active_test=False).search([])._crm_rebuild_facts()
