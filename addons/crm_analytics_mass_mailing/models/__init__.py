from . import crm_analytics_campaign
from . import mailing_mailing
