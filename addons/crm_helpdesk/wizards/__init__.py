from . import account_move_reversal
from . import base_partner_merge
from . import stock_return_picking
from . import helpdesk_ticket_merge
from . import helpdesk_ticket_solve
from . import helpdesk_ticket_split
