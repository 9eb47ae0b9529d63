from . import portal
from . import presence
