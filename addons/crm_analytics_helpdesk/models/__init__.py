from . import crm_analytics_pyramid
