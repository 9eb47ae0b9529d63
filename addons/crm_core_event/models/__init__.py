from . import crm_interaction
from . import event_registration
