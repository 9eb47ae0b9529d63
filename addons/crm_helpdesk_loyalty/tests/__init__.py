from . import test_coupon_request
