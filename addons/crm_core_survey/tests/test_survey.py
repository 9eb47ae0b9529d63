from odoo.tests import new_test_user, tagged

from odoo.addons.crm_core.tests.common import CrmCoreCommon
from odoo.addons.crm_core_survey import SOURCE, post_init_hook, uninstall_hook


@tagged("post_install", "-at_install")
class TestSurvey(CrmCoreCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.survey = cls.env["survey.survey"].create({"title": "How were we?"})

    def answer(self, partner, **values):
        return self.env["survey.user_input"].create(
            {"survey_id": self.survey.id, "partner_id": partner.id, **values}
        )

    def rows(self, user=None):
        customer = self.customer.with_user(user) if user else self.customer
        return customer.crm_timeline(kinds=["survey"])["rows"]

    def test_finished_survey_is_one_row(self):
        answer = self.answer(self.contact)
        self.assertFalse(self.rows())
        answer._mark_done()
        (row,) = self.rows()
        self.assertEqual((row["res_id"], row["subject"], row["direction"]), (answer.id, "How were we?", "in"))
        self.assertEqual(row["contact"], self.contact.display_name)

    def test_each_reader_is_told_in_his_language(self):
        self.answer(self.contact)._mark_done()
        self.env["res.lang"]._activate_lang("fr_FR")
        self.survey.with_context(lang="fr_FR").title = "Êtes-vous content ?"
        customer = self.customer.with_context(lang="fr_FR")
        self.assertEqual(customer.crm_timeline(kinds=["survey"])["rows"][0]["subject"], "Êtes-vous content ?")
        self.assertEqual(self.rows()[0]["subject"], "How were we?")

    def test_test_runs_and_our_own_people_have_none(self):
        self.answer(self.contact, test_entry=True)._mark_done()
        colleague = new_test_user(self.env, "survey_colleague", groups="base.group_user").partner_id
        colleague.parent_id = self.customer
        self.answer(colleague)._mark_done()
        self.assertFalse(self.rows())

    def test_who_may_not_read_the_answers_does_not_see_it(self):
        self.answer(self.contact)._mark_done()
        seller = new_test_user(self.env, "survey_seller", groups="sales_team.group_sale_salesman_all_leads")
        self.assertFalse(self.rows(seller))
        seller.group_ids |= self.env.ref("survey.group_survey_user")
        self.assertTrue(self.rows(seller))

    def test_anonymizing_forgets_what_was_written(self):
        Question = self.env["survey.question"]
        text, number = Question.create(
            [
                {"survey_id": self.survey.id, "title": "Why?", "question_type": "text_box"},
                {"survey_id": self.survey.id, "title": "How much?", "question_type": "numerical_box"},
            ]
        )
        answer = self.answer(self.contact, email="zyx@quibbleby.example.com", nickname="Quibbleby")
        answer._save_lines(text, "Quibbleby was not amused")
        answer._save_lines(number, 7)
        answer._mark_done()
        self.assert_anonymizing_forgets(self.contact, "quibbleby")
        self.assertEqual(answer.user_input_line_ids.mapped("value_numerical_box"), [7.0])

    def test_earlier_answers_join_and_go_with_the_addon(self):
        self.answer(self.contact)._mark_done()
        self.assertTrue(self.rows())
        self.assert_timeline_follows_the_addon(SOURCE, post_init_hook, uninstall_hook, self.rows)
