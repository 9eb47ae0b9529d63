from . import test_sla_clock
from . import test_ticket
from . import test_ticket_access
from . import test_ticket_assign
from . import test_ticket_mail
from . import test_ticket_portal
from . import test_ticket_portal_open
from . import test_ticket_rating
