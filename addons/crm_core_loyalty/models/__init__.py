from . import crm_interaction
from . import crm_offer
from . import loyalty_card
from . import loyalty_history
from . import sale_order_line
