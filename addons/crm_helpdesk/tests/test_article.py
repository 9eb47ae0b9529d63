import doctest
import json

from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, tagged
from odoo.tools import mute_logger

from ..lib import search_words
from .portal_common import HelpdeskPortalCase


@tagged("post_install", "-at_install")
class TestArticle(HelpdeskPortalCase):
    """Answers that help more than once: made of tickets, found, read and voted on."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.manager = cls.make_user("manager", "crm_helpdesk.group_crm_helpdesk_manager")
        cls.toner = cls.article(
            "What to do when the printer leaks toner?", "<p>Shake the <b>cartridge</b> zyxgently.</p>"
        )
        cls.chair = cls.article("My chair squeaks", "<p>Oil the zyxhinges, as you would a printer.</p>")
        cls.inside = cls.article("Who leaks zyxsecrets?", "<p>Nobody</p>", visibility="internal")
        cls.draft = cls.article("A zyxdraft that leaks", "<p>Later</p>", state="draft")

    @classmethod
    def article(cls, name, body, user=None, **values):
        values = {"visibility": "portal", "state": "published", "lang": "en_US", **values}
        Article = cls.env["helpdesk.article"].with_user(user or cls.anna)
        return Article.create({"name": name, "body": body, **values}).with_env(cls.env)

    def found(self, text, user=None, **values):
        own = [("id", "in", (self.toner | self.chair | self.inside | self.draft).ids)]
        Article = self.env["helpdesk.article"].with_user(user or self.ben)
        return Article._find(text, own, **values).with_env(self.env)

    # Finding ------------------------------------------------------------------------

    def test_words_are_found_in_all_their_forms_the_question_first(self):
        self.assertEqual(self.found("leaking printers")[:1], self.toner)
        self.assertEqual(
            self.found("printer"), self.toner | self.chair, "in the question before in the answer"
        )
        self.assertEqual(self.found("the hinge squeak"), self.chair | self.chair)
        self.assertEqual(self.found("cartri"), self.toner, "half typed")
        for nothing in ("", "  ", "& | ! ( )", "'; DROP TABLE x; --", "the", "qqqq"):
            self.assertFalse(self.found(nothing), nothing)

    def test_changed_words_are_found_the_old_ones_not(self):
        self.toner.body = "<p>Use zyxgloves</p>"
        self.assertEqual(self.found("zyxgloves"), self.toner)
        self.assertFalse(self.found("zyxgently"))
        self.toner.active = False
        self.assertFalse(self.found("zyxgloves"))

    def test_language_decides_the_forms_of_words(self):
        self.env["res.lang"]._activate_lang("de_DE")
        german = self.article("Drucker verliert Toner", "<p>Kartuschen schütteln</p>", lang="de_DE")
        found = self.env["helpdesk.article"]._find("Kartusche", [("id", "=", german.id)])
        self.assertEqual(found, german)

    def test_search_bar_finds_in_questions_and_answers(self):
        Article = self.env["helpdesk.article"].with_user(self.ben)
        self.assertEqual(
            Article.search([("search_content", "ilike", "zyxgently")]).with_env(self.env), self.toner
        )
        self.assertFalse(Article.search([("search_content", "ilike", "& |")]))

    def test_index_is_used(self):
        self.env.flush_all()
        self.env.cr.execute("SET LOCAL enable_seqscan = off")
        self.env.cr.execute(
            "EXPLAIN SELECT id FROM helpdesk_article WHERE search_vector @@ to_tsquery('english', 'toner')"
        )
        plan = "".join(row[0] for row in self.env.cr.fetchall())
        self.assertIn("helpdesk_article_search_vector_idx", plan)

    def test_public_method_takes_anything(self):
        Article = self.env["helpdesk.article"].with_user(self.ben)
        self.assertIn({"id": self.toner.id, "name": self.toner.name}, Article.suggest("zyxgently"))
        self.assertEqual(Article.suggest("\0"), [])
        self.assertEqual(Article.suggest(None), [])

    def test_words_of_the_search(self):
        self.assertEqual(doctest.testmod(search_words).failed, 0)

    # Made of a ticket --------------------------------------------------------------------

    def test_made_of_a_solved_ticket_without_the_customer(self):
        iris = self.env["res.partner"].create(
            {"name": "Iris Bell", "parent_id": self.customer.id, "email": "iris@alma.example"}
        )
        self.customer.name = "Alma Wholesale"
        ticket = self.ticket("Toner leaks at Iris", user_id=self.anna.id, partner_id=iris.id)
        say = {"message_type": "comment", "subtype_xmlid": "mail.mt_comment"}
        ticket.with_user(self.anna).message_post(body="First answer", **say)
        ticket.with_user(self.anna).message_post(
            body="Dear Iris of Alma Wholesale, shake it. We wrote to iris@alma.example and max@else.example.",
            **say,
        )
        ticket.message_post(body="Thanks, it works", author_id=iris.id, **say)
        ticket.with_user(self.anna).message_post(body="He was nice", message_type="comment")
        ticket.stage_id = self.solved
        before = self.env["helpdesk.article"].search_count([])
        action = ticket.with_user(self.anna).action_make_article()
        self.assertEqual(self.env["helpdesk.article"].search_count([]), before, "nothing is stored yet")
        form = Form(self.env["helpdesk.article"].with_user(self.anna).with_context(**action["context"]))
        self.assertIn("shake it", form.body)
        for word in ("Iris", "Alma", "iris@alma.example", "max@else.example", "nice", "Thanks"):
            self.assertNotIn(word, form.name + form.body, word)
        article = form.save()
        self.assertEqual((article.state, article.visibility), ("draft", "internal"))
        self.assertEqual((article.ticket_id, article.team_id), (ticket, self.team))

    def test_agent_is_shown_what_may_help_and_answers_with_it(self):
        ticket = self.ticket("Printer zyxgently leaking")
        shown = ticket.with_user(self.ben).suggested_article_ids.with_env(self.env)
        self.assertIn(self.toner, shown)
        self.assertNotIn(self.draft, shown)
        article = self.toner.with_user(self.ben).with_context(helpdesk_ticket_id=ticket.id)
        action = article.action_answer_ticket()
        self.assertIn("cartridge", action["context"]["default_body"])
        self.assertEqual(action["context"]["default_res_ids"], ticket.ids)
        with self.assertRaises(UserError):
            self.toner.action_answer_ticket()

    def test_article_without_answer_is_not_published(self):
        empty = self.article("Empty", "<p><br></p>", state="draft")
        with self.assertRaisesRegex(UserError, "Empty"):
            empty.action_publish()
        empty.body = "<p>Now</p>"
        empty.action_publish()
        self.assertEqual(empty.state, "published")

    # Who may -------------------------------------------------------------------------------

    def reads(self, user, article):
        return bool(self.env["helpdesk.article"].with_user(user).search([("id", "=", article.id)]))

    def test_who_reads_what(self):
        for article, readers in (
            (self.toner, (self.anna, self.ben, self.manager, self.main, self.stranger)),
            (self.inside, (self.anna, self.ben, self.manager)),
            (self.draft, (self.anna, self.manager)),
        ):
            for user in (self.anna, self.ben, self.manager, self.main, self.stranger):
                self.assertEqual(self.reads(user, article), user in readers, (article.name, user.login))

    def test_who_writes_what(self):
        self.draft.with_user(self.anna).body = "<p>Mine</p>"
        self.draft.with_user(self.manager).body = "<p>All</p>"
        for act in (
            lambda: self.toner.with_user(self.ben).write({"body": "<p>Mine</p>"}),
            lambda: self.toner.with_user(self.anna).unlink(),
            lambda: self.toner.with_user(self.main).write({"body": "<p>Mine</p>"}),
            lambda: self.env["helpdesk.article"].with_user(self.main).create({"name": "Mine"}),
            lambda: self.toner.with_user(self.main).read(["ticket_id", "user_id"]),
            lambda: self.env["helpdesk.article.vote"].with_user(self.main).search([]),
            lambda: self.env["helpdesk.article.vote"].with_user(self.ben).search([]),
        ):
            with self.assertRaises(AccessError):
                act()

    def test_companies_are_apart(self):
        branch = self.env["res.company"].create({"name": "Branch"})
        self.toner.company_id = branch
        for user in (self.ben, self.manager, self.main):
            self.assertFalse(self.reads(user, self.toner))

    # In the portal ----------------------------------------------------------------------------

    def test_list_search_and_page(self):
        self.assertIn("/my/articles", self.get("/my", self.main).text)
        text = self.get("/my/articles", self.main).text
        self.assertIn(self.toner.name, text)
        for hidden in (self.inside, self.draft):
            self.assertNotIn(hidden.name, text)
            self.assertNotIn(hidden.name, self.get(f"/my/articles/{hidden.id}", self.main).text)
        text = self.get("/my/articles?search=zyxgently", self.main).text
        self.assertIn(self.toner.name, text)
        self.assertNotIn(self.chair.name, text)
        self.assertIn("Nothing is written", self.get("/my/articles?search=qqqq", self.main).text)
        self.assertIn("zyxgently", self.get(f"/my/articles/{self.toner.id}", self.main).text)
        self.assertEqual(self.get("/my/articles/999999999", self.main).status_code, 200)
        self.assertIn("/web/login", self.get(f"/my/articles/{self.toner.id}").url)

    def test_vote_counts_once_a_person_and_may_change(self):
        url = f"/my/articles/{self.toner.id}/vote"
        self.assertIn("Thank you", self.post(url, self.main, helpful="1").text)
        self.post(url, self.stranger, helpful="1")
        self.assertEqual((self.toner.helpful_count, self.toner.unhelpful_count), (2, 0))
        self.post(url, self.main, helpful="0")
        self.toner.invalidate_recordset()
        self.assertEqual((self.toner.helpful_count, self.toner.unhelpful_count), (1, 1))
        self.post(f"/my/articles/{self.inside.id}/vote", self.main, helpful="1")
        self.assertFalse(self.inside.vote_ids)
        self.sign_in(self.main)
        with mute_logger("odoo.http"):
            self.assertEqual(self.url_open(url, data={"helpful": "1"}).status_code, 400, "no token")

    def test_suggested_while_writing(self):
        def suggested(text, user):
            return json.loads(self.rpc("/my/articles/suggest", user, text=text)).get("result")

        names = [row["name"] for row in suggested("zyxgently zyxsecrets zyxdraft", self.main)]
        self.assertEqual(names, [self.toner.name])
        self.assertEqual(suggested("", self.main), [])
        self.assertEqual(suggested(["x"], self.main), [])
        self.assertIsNone(suggested("zyxgently", None), "signed-in people alone")

    def test_suggestions_appear_in_the_form(self):
        self.start_tour("/my/tickets/new", "helpdesk_portal_articles", login=self.main.login, timeout=60)
