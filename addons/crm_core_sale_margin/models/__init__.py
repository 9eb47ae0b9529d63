from . import crm_customer_stat
from . import sale_order
