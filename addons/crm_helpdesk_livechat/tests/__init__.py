from . import test_chatbot_ticket
from . import test_hoot
from . import test_livechat_ticket
