from . import base_partner_merge
from . import crm_target_group_activity
from . import crm_target_group_add
from . import crm_consent_record
