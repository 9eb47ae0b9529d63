from . import crm_interaction
from . import pos_order
