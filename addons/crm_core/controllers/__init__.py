from . import consent
from . import portal
from . import privacy
from . import rate_limit
