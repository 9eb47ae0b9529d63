from . import analytics_demo_mailings
