from . import helpdesk_demo_timesheet
