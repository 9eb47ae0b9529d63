from . import models


def post_init_hook(env):
    """Rewards were products until now: collect the facts anew, in the background."""
    env["res.company"].with_context(active_test=False)._crm_all()._crm_rebuild_facts()


def uninstall_hook(env):
    """And once more without this addon."""
    post_init_hook(env)
