from . import consent
from . import privacy
