from . import analytics_demo_story
from . import analytics_demo_forecast
from . import analytics_demo_baskets
