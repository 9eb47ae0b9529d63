from . import crm_target_group
from . import mailing_mailing
from . import mailing_list
from . import mailing_subscription
from . import mailing_trace
from . import mail_blacklist
from . import mail_mail
from . import res_partner
