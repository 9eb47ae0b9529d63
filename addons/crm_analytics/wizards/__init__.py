from . import base_partner_merge
from . import crm_analytics_grouping
