from . import controllers
from . import demo
from . import models
from . import report
from . import wizards


def post_init_hook(env):
    """Give each company its own numbers."""
    env["res.company"].search([])._helpdesk_ensure_sequences()
