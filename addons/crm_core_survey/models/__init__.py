from . import crm_interaction
from . import survey_user_input
