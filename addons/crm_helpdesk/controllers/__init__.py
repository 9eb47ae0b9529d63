from . import portal
from . import articles
from . import presence
