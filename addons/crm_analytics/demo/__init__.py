from . import analytics_demo_story
