from . import test_repair_request
