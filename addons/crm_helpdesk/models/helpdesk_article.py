from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain
from odoo.tools import SQL, html2plaintext, is_html_empty

from ..lib.search_words import PLAIN, any_word, config_of

# What makes an article be found.
SEARCHED = frozenset({"name", "body", "lang"})
# Who wrote it, for which ticket, and how many it helped is our own business.
READABLE = frozenset(
    {
        "id",
        "name",
        "body",
        "lang",
        "company_id",
        "state",
        "visibility",
        "display_name",
        "write_date",
        "active",
    }
)


class HelpdeskArticle(models.Model):
    """A question that customers have, with the answer that helped."""

    _name = "helpdesk.article"
    _description = "Help Article"
    _inherit = ["mail.thread", "helpdesk.portal.readable"]
    _portal_readable = READABLE
    _order = "name, id"

    name = fields.Char(string="Question", required=True, tracking=True, index="trigram")
    body = fields.Html(string="Answer", sanitize_attributes=True, sanitize_style=True)
    active = fields.Boolean(default=True)
    state = fields.Selection(
        [("draft", "Draft"), ("published", "Published")],
        required=True,
        default="draft",
        tracking=True,
        copy=False,
    )
    visibility = fields.Selection(
        [("internal", "Helpdesk employees"), ("portal", "Helpdesk employees and customers")],
        required=True,
        default="internal",
        tracking=True,
    )
    lang = fields.Selection(
        selection=lambda self: self.env["res.lang"].get_installed(),
        string="Language",
        default=lambda self: self.env.lang,
        help="Words are found in all their forms by the rules of this language.",
    )
    company_id = fields.Many2one("res.company", index=True, help="None: all companies.")
    team_id = fields.Many2one("helpdesk.team", index="btree_not_null")
    product_id = fields.Many2one("product.product", index="btree_not_null")
    tag_ids = fields.Many2many("helpdesk.tag", string="Tags")
    ticket_id = fields.Many2one(
        "helpdesk.ticket", string="From the Ticket", readonly=True, index="btree_not_null", copy=False
    )
    user_id = fields.Many2one("res.users", string="Written by", default=lambda self: self.env.user)
    vote_ids = fields.One2many("helpdesk.article.vote", "article_id", readonly=True)
    helpful_count = fields.Integer(string="Helped", compute="_compute_votes")
    unhelpful_count = fields.Integer(string="Did Not Help", compute="_compute_votes")
    search_content = fields.Char(
        string="Question and Answer", compute="_compute_search_content", search="_search_search_content"
    )

    def init(self):
        """A column of its own for the words: the ORM knows no such type."""
        self.env.cr.execute("ALTER TABLE helpdesk_article ADD COLUMN IF NOT EXISTS search_vector tsvector")
        self.env.cr.execute(
            "CREATE INDEX IF NOT EXISTS helpdesk_article_search_vector_idx"
            " ON helpdesk_article USING gin (search_vector)"
        )

    @api.depends("vote_ids.is_helpful")
    def _compute_votes(self):
        # sudo: how many, not who
        counts = {
            (article.id, is_helpful): count
            for article, is_helpful, count in self.env["helpdesk.article.vote"]
            .sudo()
            ._read_group([("article_id", "in", self.ids)], ["article_id", "is_helpful"], ["__count"])
        }
        for article in self:
            article.helpful_count = counts.get((article.id, True), 0)
            article.unhelpful_count = counts.get((article.id, False), 0)

    def _compute_search_content(self):
        self.search_content = False

    def _search_search_content(self, operator, value):
        if operator not in ("ilike", "like", "=") or not isinstance(value, str):
            return NotImplemented
        condition = self._get_match_sql(SQL.identifier(self._table, "search_vector"), value)
        if condition is None:
            return Domain.FALSE
        self.flush_model(list(SEARCHED))
        return Domain("id", "in", SQL("(SELECT id FROM helpdesk_article WHERE %s)", condition))

    # Create and write -----------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        articles = super().create(vals_list)
        articles._index()
        return articles

    def write(self, vals):
        result = super().write(vals)
        if not SEARCHED.isdisjoint(vals):
            self._index()
        return result

    def _index(self):
        """Store the words by which the articles are found; those of the question weigh more."""
        self.flush_recordset(list(SEARCHED))
        for article in self:
            self.env.cr.execute(
                SQL(
                    """
                    UPDATE helpdesk_article
                       SET search_vector = setweight(to_tsvector(%(config)s::regconfig, %(name)s), 'A')
                                        || setweight(to_tsvector(%(config)s::regconfig, %(body)s), 'C')
                     WHERE id = %(id)s
                    """,
                    config=config_of(article.lang),
                    name=article.name,
                    body=html2plaintext(article.body or ""),
                    id=article.id,
                )
            )

    # Finding ----------------------------------------------------------------------------

    @api.model
    def _get_query_sql(self, text):
        """The words of a text in every language in use; None when it has none.

        :rtype: SQL | None
        """
        words = any_word(text)
        if not words:
            return None
        langs = [code for code, _name in self.env["res.lang"].get_installed()]
        configs = sorted({PLAIN, *map(config_of, langs)})
        return SQL(" || ").join(SQL("to_tsquery(%s::regconfig, %s)", config, words) for config in configs)

    @api.model
    def _get_match_sql(self, vector, text):
        query = self._get_query_sql(text)
        return None if query is None else SQL("%s @@ (%s)", vector, query)

    @api.model
    def _find(self, text, domain=Domain.TRUE, limit=5):
        """Articles that the user may read about what a text says, the most fitting first.

        :param str text: as somebody typed it, also half a sentence
        :rtype: helpdesk.article
        """
        terms = self._get_query_sql(text)
        if terms is None:
            return self.browse()
        query = self._search(Domain(domain) & Domain("state", "=", "published"))
        vector = SQL.identifier(query.table, "search_vector")
        self.flush_model(list(SEARCHED))
        query.add_where(SQL("%s @@ (%s)", vector, terms))
        query.order = SQL("ts_rank(%s, (%s)) DESC, %s", vector, terms, SQL.identifier(query.table, "id"))
        query.limit = limit
        return self.browse(id_ for (id_,) in self.env.execute_query(query.select()))

    @api.model
    @api.readonly
    def suggest(self, text, limit=5):
        """What may help with what somebody is just writing.

        :param str text: up to 300 characters of it count
        :return: dicts ``id``, ``name``
        :rtype: list[dict]
        """
        found = self._find(str(text or "")[:300].replace("\0", ""), limit=min(int(limit), 20))
        return [{"id": article.id, "name": article.name} for article in found]

    # Acting -------------------------------------------------------------------------------

    def action_publish(self):
        """Show the articles to whom they are meant for."""
        empty = self.filtered(lambda article: is_html_empty(article.body))
        if empty:
            raise UserError(self.env._("“%s” has no answer yet.", empty[0].name))
        self.state = "published"

    def action_withdraw(self):
        """Take the articles back to improve them."""
        self.state = "draft"

    def action_answer_ticket(self):
        """Write an answer with the article's text to the customer of the ticket in the context."""
        self.ensure_one()
        ticket = self.env["helpdesk.ticket"].browse(self.env.context.get("helpdesk_ticket_id")).exists()
        if not ticket:
            raise UserError(self.env._("Open the article from a ticket to answer with it."))
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Answer with “%s”", self.name),
            "res_model": "mail.compose.message",
            "view_mode": "form",
            "target": "new",
            "context": {
                "default_model": "helpdesk.ticket",
                "default_res_ids": ticket.ids,
                "default_composition_mode": "comment",
                "default_body": self.body,
                "default_partner_ids": ticket.partner_id.ids,
            },
        }

    def _vote(self, is_helpful):
        """The user says whether the article helped him; saying it again changes what he said.

        :raise AccessError: not his to read
        """
        self.ensure_one()
        self.check_access("read")
        if self.env.user._is_public():
            raise AccessError(self.env._("Please sign in first."))
        # sudo: the user's own word on an article he may read
        Vote = self.env["helpdesk.article.vote"].sudo()
        vote = Vote.search([("article_id", "=", self.id), ("user_id", "=", self.env.uid)])
        if vote:
            vote.is_helpful = is_helpful
        else:
            Vote.create({"article_id": self.id, "user_id": self.env.uid, "is_helpful": is_helpful})


class HelpdeskArticleVote(models.Model):
    """Whom an article helped, and whom not."""

    _name = "helpdesk.article.vote"
    _description = "Whether an Article Helped"
    _rec_name = "article_id"

    article_id = fields.Many2one(
        "helpdesk.article", required=True, readonly=True, ondelete="cascade", index=True
    )
    user_id = fields.Many2one("res.users", required=True, readonly=True, ondelete="cascade", index=True)
    is_helpful = fields.Boolean(string="Helped", readonly=True)

    _one_uniq = models.UniqueIndex("(article_id, user_id)", "Everybody is asked once.")
