from odoo import models


class ResPartner(models.Model):
    """What was concluded about a person is told with the reasons, when he asks what is held about him."""

    _inherit = "res.partner"

    def _crm_privacy_values(self, records):
        result = super()._crm_privacy_values(records)
        if records._name == "crm.analytics.customer":
            for values, score in zip(result, records, strict=True):
                values["why"] = score.why
                values["how"] = self.env._(
                    "Worked out each night from the days of purchase alone: how long ago, how often, and for"
                    " how much. No decision is taken by it without a person."
                )
        elif records._name == "crm.analytics.pyramid":
            for values, row in zip(result, records, strict=True):
                levels = row._describe()["levels"]
                values["why"] = [
                    f"{part['name']}: {part['score']} ({part['measure']}). {part['formula']}"
                    for level in levels
                    for part in level["parts"]
                    if part["score"] is not None
                ]
        return result
