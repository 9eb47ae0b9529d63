from . import crm_demo_story
from . import crm_demo_target_group
from . import crm_demo_next_actions
from . import crm_demo_duplicates
from . import crm_demo_history
from . import crm_demo_consents
from . import crm_demo_portal
