from . import crm_interaction
from . import discuss_channel
from . import im_livechat_channel_member_history
from . import res_partner
