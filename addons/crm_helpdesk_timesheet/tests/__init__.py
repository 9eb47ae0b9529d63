from . import test_time_spent
