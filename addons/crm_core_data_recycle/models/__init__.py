from . import data_recycle_model
from . import data_recycle_record
