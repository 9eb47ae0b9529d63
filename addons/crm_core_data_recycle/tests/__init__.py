from . import test_data_recycle
