from . import test_pyramid_tickets
