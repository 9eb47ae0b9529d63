from . import crm_interaction
from . import event_registration
from . import res_partner
