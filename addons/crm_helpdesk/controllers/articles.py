from odoo import http
from odoo.exceptions import AccessError, MissingError
from odoo.fields import Domain
from odoo.http import request

from odoo.addons.crm_core.controllers.portal import PAGE
from odoo.addons.portal.controllers.portal import pager

from .portal import SEARCH_MAX, HelpdeskPortal


class HelpdeskArticles(HelpdeskPortal):
    """Answers that customers find by themselves."""

    def _articles_domain(self):
        return Domain("state", "=", "published") & Domain("visibility", "=", "portal")

    def _prepare_home_portal_values(self, counters):
        values = super()._prepare_home_portal_values(counters)
        if not counters:
            Article = request.env["helpdesk.article"]
            values["helpdesk_has_articles"] = Article.has_access("read") and bool(
                Article.search_count(self._articles_domain(), limit=1)
            )
        return values

    @http.route(["/my/articles", "/my/articles/page/<int:page>"], type="http", auth="user", website=True)
    def portal_my_articles(self, page=1, search="", **_kwargs):
        Article = request.env["helpdesk.article"]
        if not Article.has_access("read"):
            return request.redirect("/my")
        search = search.replace("\0", "").strip()[:SEARCH_MAX]
        domain = self._articles_domain()
        if search:
            found = Article._find(search, domain, limit=PAGE)
            pages = pager(url="/my/articles", total=len(found), step=PAGE)
        else:
            pages = pager(url="/my/articles", total=Article.search_count(domain), page=page, step=PAGE)
            found = Article.search(domain, limit=PAGE, offset=pages["offset"])
        return self._page(
            "crm_helpdesk.portal_my_articles", "crm_articles", articles=found, search=search, pager=pages
        )

    def _get_article(self, article_id):
        """:raise AccessError: not shown to this user"""
        article = request.env["helpdesk.article"].browse(article_id)
        article.check_access("read")
        if not article.filtered_domain(self._articles_domain()):
            raise AccessError(request.env._("This article is not shown to customers."))
        return article

    @http.route("/my/articles/<int:article_id>", type="http", auth="user", methods=["GET"], website=True)
    def portal_my_article(self, article_id, **_kwargs):
        try:
            article = self._get_article(article_id)
        except (AccessError, MissingError):
            return request.redirect("/my/articles")
        values = {
            "article": article,
            "may_open": bool(request.env["helpdesk.team"]._get_portal_teams()),
            **self._outcome(),
        }
        return self._page("crm_helpdesk.portal_my_article", "crm_article", **values)

    @http.route(
        "/my/articles/<int:article_id>/vote", type="http", auth="user", methods=["POST"], website=True
    )
    def portal_vote_article(self, article_id, helpful="", **_kwargs):
        try:
            article = self._get_article(article_id)
        except (AccessError, MissingError):
            return request.redirect("/my/articles")
        return self._try(lambda: article._vote(helpful == "1"), f"/my/articles/{article_id}#vote")

    @http.route("/my/articles/suggest", type="jsonrpc", auth="user", website=True, readonly=True)
    def portal_suggest_articles(self, text=""):
        Article = request.env["helpdesk.article"]
        if not Article.has_access("read") or not isinstance(text, str):
            return []
        found = Article._find(text[:300].replace("\0", ""), self._articles_domain(), limit=3)
        return [{"name": article.name, "url": f"/my/articles/{article.id}"} for article in found]
