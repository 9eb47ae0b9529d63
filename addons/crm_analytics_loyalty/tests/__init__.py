from . import test_loyalty_figures
