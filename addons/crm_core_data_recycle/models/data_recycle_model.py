from odoo import api, fields, models
from odoo.exceptions import ValidationError


class DataRecycleModel(models.Model):
    _inherit = "data_recycle.model"

    recycle_action = fields.Selection(
        selection_add=[("anonymize", "Anonymize")], ondelete={"anonymize": "cascade"}
    )

    @api.constrains("recycle_action", "res_model_id", "time_field_id", "time_field_delta")
    def _check_crm_anonymize(self):
        for rule in self.filtered(lambda rule: rule.recycle_action == "anonymize"):
            if rule.res_model_name != "res.partner":
                raise ValidationError(
                    self.env._("Only contacts are anonymized. Archive or delete other records.")
                )
            if not rule.time_field_id or rule.time_field_delta <= 0:
                raise ValidationError(
                    self.env._("“%s” needs a time: nobody is anonymized the day he is known.", rule.name)
                )
