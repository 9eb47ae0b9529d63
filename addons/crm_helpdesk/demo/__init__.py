from . import helpdesk_demo_story
