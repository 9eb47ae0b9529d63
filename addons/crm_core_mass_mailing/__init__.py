from . import models
from . import wizards

SOURCE = "mailing.trace"
KINDS = ("mailing",)


def post_init_hook(env):
    """What happened before the installation joins the timeline, in the background."""
    env["crm.interaction.fill"]._fill_again(SOURCE)


def uninstall_hook(env):
    """The timeline forgets it."""
    env["crm.interaction.fill"]._forget_kinds(SOURCE, KINDS)
