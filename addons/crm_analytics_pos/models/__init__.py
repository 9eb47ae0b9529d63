from . import crm_analytics_event
from . import pos_order
