from . import res_company
from . import res_config_settings
from . import crm_analytics_event
from . import crm_analytics_segment
from . import crm_analytics_customer
from . import crm_analytics_model
from . import crm_analytics_score
from . import res_partner_overview
