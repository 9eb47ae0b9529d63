from . import test_contact_support
