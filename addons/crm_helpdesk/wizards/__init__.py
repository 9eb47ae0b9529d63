from . import account_move_reversal
from . import base_partner_merge
from . import stock_return_picking
