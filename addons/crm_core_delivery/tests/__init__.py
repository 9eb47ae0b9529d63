from . import test_delivery_fees
