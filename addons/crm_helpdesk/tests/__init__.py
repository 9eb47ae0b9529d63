from . import test_sla_clock
from . import test_ticket
from . import test_ticket_access
from . import test_ticket_assign
from . import test_ticket_mail
