from . import crm_demo_story
from . import crm_demo_consents
