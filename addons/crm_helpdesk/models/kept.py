"""Set-up that tickets ask for all the time is kept in the ORM's caches: as it was committed, never as a
transaction has it that may still take it back.
"""

CHANGED = "crm_helpdesk.changed"


def forget(env):
    """Whatever is kept has changed: empty the caches, and after the transaction once more, as another thread
    may have looked at what was true until then.
    """
    env.registry.clear_cache()
    env.cr.postcommit.data[CHANGED] = True
    env.cr.postcommit.add(env.registry.clear_cache)


def may_keep(env):
    """Whether what is read now is what was committed."""
    return CHANGED not in env.cr.postcommit.data
