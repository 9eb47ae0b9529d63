from . import crm_analytics_dashboard
