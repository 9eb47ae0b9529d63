from . import crm_offer
from . import sale_order_line
