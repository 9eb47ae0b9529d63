import re

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import html2plaintext, plaintext2html

from .helpdesk_ticket_reopen import get_own_text

SUGGESTED = 5
LEFT_OUT = "[…]"


class HelpdeskTicket(models.Model):
    """What is known already, and what others should know next time."""

    _inherit = "helpdesk.ticket"

    suggested_article_ids = fields.Many2many(
        "helpdesk.article", string="What May Help", compute="_compute_suggested_article_ids"
    )
    article_ids = fields.One2many("helpdesk.article", "ticket_id", string="Articles Made of It")

    @api.depends("name", "description")
    def _compute_suggested_article_ids(self):
        """For a form: one query for each ticket."""
        Article = self.env["helpdesk.article"]
        may_read = Article.has_access("read")
        for ticket in self:
            words = f"{ticket.name or ''} {html2plaintext(ticket.description or '')[:300]}"
            mine = Domain("company_id", "in", [False, ticket.company_id.id])
            ticket.suggested_article_ids = may_read and Article._find(words, mine, SUGGESTED)

    def action_make_article(self):
        """A draft with the question and our last answer; nothing is stored before the user has seen it."""
        self.ensure_one()
        self.check_access("write")
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("New Article"),
            "res_model": "helpdesk.article",
            "view_mode": "form",
            "context": {
                "default_name": self._leave_out_customer(self.name),
                "default_body": plaintext2html(self._leave_out_customer(self._get_last_answer())),
                "default_ticket_id": self.id,
                "default_team_id": self.team_id.id,
                "default_company_id": self.company_id.id,
                "default_product_id": self.product_id.id,
                "default_tag_ids": self.tag_ids.ids,
            },
        }

    def _get_last_answer(self):
        """The text of what we last told the customer, without what it repeats.

        :rtype: str
        """
        said = self.message_ids.filtered(
            lambda message: self._is_said_by_people(message) and self._is_from_us(message)
        )
        return get_own_text(said.sorted("id")[-1:].body)

    def _leave_out_customer(self, text):
        """The text without names, addresses and numbers of this customer; the user reads the rest."""
        self.ensure_one()
        people = self.partner_id | self.commercial_partner_id
        names = [self.partner_name, *people.mapped("name")]
        known = {*names, *(word for name in names if name for word in name.split() if len(word) > 2)}
        known |= {self.partner_email, self.partner_phone, *people.mapped("email"), *people.mapped("phone")}
        text = re.sub(r"[\w.+-]+@[\w-]+\.[\w.-]+", LEFT_OUT, text or "")
        for word in sorted(filter(None, known), key=len, reverse=True):
            text = re.sub(rf"(?<!\w){re.escape(word)}(?!\w)", LEFT_OUT, text, flags=re.IGNORECASE)
        return text
