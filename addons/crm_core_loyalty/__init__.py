from . import models

SOURCE = "loyalty.history"
KINDS = ("points",)


def post_init_hook(env):
    """Rewards were products until now: collect the facts anew; points join the timeline."""
    env["res.company"].with_context(active_test=False)._crm_all()._crm_rebuild_facts()
    env["crm.interaction.fill"]._fill_again(SOURCE)


def uninstall_hook(env):
    """And once more without this addon; the timeline forgets the points."""
    env["res.company"].with_context(active_test=False)._crm_all()._crm_rebuild_facts()
    env["crm.interaction.fill"]._forget_kinds(SOURCE, KINDS)
