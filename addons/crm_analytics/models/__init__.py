from . import res_company
from . import crm_analytics_event
