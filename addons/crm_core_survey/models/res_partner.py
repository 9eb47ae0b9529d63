from odoo import models

# What somebody wrote; choices and ratings stay for the survey's figures and say no more who it was.
WRITTEN = ("char_box", "text_box", "date", "datetime")


class ResPartner(models.Model):
    _inherit = "res.partner"

    def _crm_anonymize_steps(self):
        steps = super()._crm_anonymize_steps()
        return [*steps[:-1], "_crm_forget_survey_answers", steps[-1]]

    def _crm_forget_survey_answers(self):
        answers = self.env["survey.user_input"].search([("partner_id", "=", self.id)])
        self._crm_forget_chatter(answers)
        answers.user_input_line_ids.filtered(lambda line: line.answer_type in WRITTEN).unlink()
        answers.write({"email": False, "nickname": False})
        return len(answers)
