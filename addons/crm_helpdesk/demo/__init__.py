from . import helpdesk_demo_after_sales
from . import helpdesk_demo_life
from . import helpdesk_demo_mail
from . import helpdesk_demo_portal
from . import helpdesk_demo_story
