from . import helpdesk_demo_portal
