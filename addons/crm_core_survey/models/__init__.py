from . import crm_interaction
from . import res_partner
from . import survey_user_input
