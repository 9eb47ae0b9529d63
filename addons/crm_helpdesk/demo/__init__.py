from . import helpdesk_demo_mail
from . import helpdesk_demo_portal
from . import helpdesk_demo_story
