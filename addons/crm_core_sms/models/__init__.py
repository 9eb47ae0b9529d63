from . import crm_interaction
from . import mail_message
from . import mail_notification
from . import res_partner
