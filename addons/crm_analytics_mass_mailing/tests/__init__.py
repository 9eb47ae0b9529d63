from . import test_mailing_campaign
