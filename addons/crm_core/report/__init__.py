from . import crm_privacy_report
