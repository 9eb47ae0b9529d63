from . import test_chatbot_ticket
from . import test_livechat_ticket
