from . import demo, models


def pre_init_hook(env):
    """Of the tickets there are none has time booked: no need to work it out for each of them."""
    env.cr.execute("""
        ALTER TABLE helpdesk_ticket
          ADD COLUMN IF NOT EXISTS project_id integer,
          ADD COLUMN IF NOT EXISTS sale_line_id integer,
          ADD COLUMN IF NOT EXISTS hours_spent double precision DEFAULT 0;
        ALTER TABLE helpdesk_ticket ALTER COLUMN hours_spent DROP DEFAULT
    """)
