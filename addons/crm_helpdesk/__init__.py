from . import controllers
from . import demo
from . import models


def post_init_hook(env):
    """Give each company its own numbers."""
    env["res.company"].search([])._helpdesk_ensure_sequences()
