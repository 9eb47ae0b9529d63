from . import crm_analytics_event
from . import crm_analytics_sales
from . import pos_order
