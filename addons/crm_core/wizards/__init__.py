from . import base_partner_merge
from . import crm_target_group_activity
from . import crm_target_group_add
from . import crm_consent_record
from . import crm_sensitive_reveal
from . import crm_sensitive_keys
from . import crm_privacy_wizard
