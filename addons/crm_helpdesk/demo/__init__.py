from . import helpdesk_demo_after_sales
from . import helpdesk_demo_story
from . import helpdesk_demo_portal
from . import helpdesk_demo_life
