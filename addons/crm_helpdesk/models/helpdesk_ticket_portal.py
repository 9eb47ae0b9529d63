from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain
from odoo.tools import html2plaintext, plaintext2html

from .helpdesk_team import PORTAL_LEVELS

TEXT_MAX = 10000  # characters in a text of a customer
# Whatever else a ticket has is the company's own business; also what other addons add.
READABLE = frozenset(
    {
        "id",
        "active",
        "access_url",
        "closed_at",
        "commercial_partner_id",
        "company_id",
        "create_date",
        "description",
        "display_name",
        "follows_id",
        "is_closed",
        "name",
        "number",
        "partner_id",
        "portal_state",
        "product_id",
        "sale_order_id",
        "stage_kind",
        "team_id",
        "user_id",
    }
)


class HelpdeskTicket(models.Model):
    """What customers see and do in the portal; the controllers hold no rule of their own.

    Methods that take a ``person`` are called with ``sudo``, after the controller took that person from the
    session or from the token of the ticket: none takes a person from the request.
    """

    _name = "helpdesk.ticket"
    _inherit = ["helpdesk.ticket", "helpdesk.portal.readable"]
    _portal_readable = READABLE

    portal_state = fields.Char(
        string="State for Customers", compute="_compute_portal_state", compute_sudo=True
    )
    follows_id = fields.Many2one(
        "helpdesk.ticket",
        string="Follow-up of",
        index="btree_not_null",
        copy=False,
        help="The closed ticket that this one takes up again.",
    )
    follow_up_ids = fields.One2many("helpdesk.ticket", "follows_id", string="Follow-ups")

    @api.depends("stage_id.kind", "stage_id.customer_name", "user_id")
    @api.depends_context("lang")
    def _compute_portal_state(self):
        words = {
            "open": self.env._("In progress"),
            "waiting": self.env._("Waiting for you"),
            "closed": self.env._("Solved"),
            "cancelled": self.env._("Closed"),
        }
        for ticket in self:
            stage = ticket.stage_id
            received = stage.kind == "open" and not ticket.user_id
            word = self.env._("Received") if received else words.get(stage.kind)
            ticket.portal_state = stage.customer_name or word

    # Access -------------------------------------------------------------------

    @api.model
    def _search(self, domain, offset=0, limit=None, order=None, **kwargs):
        # The priority, by which tickets are sorted, is no field of the customers'.
        if order == self._order and not self.env.su and self.env.user.share:
            order = "id desc"
        return super()._search(domain, offset, limit, order, **kwargs)

    @api.model
    def _get_thread_with_access(self, thread_id, **kwargs):
        thread = super()._get_thread_with_access(thread_id, **kwargs)
        if thread and self.env.user.share and not thread.sudo()._is_in_portal():
            return self.browse()
        return thread

    def _get_allowed_message_params(self):
        # Ratings go by the pages that know who may rate.
        return super()._get_allowed_message_params() - {"rating_value"}

    def _sign_token(self, pid):
        # sudo: customers do not read the token, the chatter compares with it
        return super(HelpdeskTicket, self.sudo())._sign_token(pid)

    def _get_share_url(self, redirect=False, signup_partner=False, pid=None, share_token=True):
        # Whoever signs in needs no token, and none stays with him when he may see the ticket no longer.
        share_token = share_token and not (self.env.user.share and not self.env.su)
        return super()._get_share_url(redirect, signup_partner, pid, share_token)

    def _notify_get_recipients_groups(self, message, model_description, msg_vals=False):
        groups = super()._notify_get_recipients_groups(message, model_description, msg_vals=msg_vals)
        if self and not self._is_in_portal():
            for name, _matches, values in groups:
                if name in ("portal_customer", "portal", "customer"):
                    values["has_button_access"] = False
        return groups

    def _is_in_portal(self):
        """Whether customers are shown this ticket at all, be it by its token.

        :rtype: bool
        """
        self.ensure_one()
        return self.active and self.team_id.privacy_visibility in PORTAL_LEVELS

    @api.model
    def _get_portal_domain(self, person):
        """Narrows a search of what a person may see down to where something can be found.

        The record rules decide; without this, they would be asked of each ticket there is.
        """
        followed = (
            self.env["mail.followers"]
            .sudo()  # sudo: what the own person follows
            .search_fetch([("res_model", "=", self._name), ("partner_id", "=", person.id)], ["res_id"])
        )
        owner = person.commercial_partner_id
        return Domain("commercial_partner_id", "=", owner.id) | Domain("id", "in", followed.mapped("res_id"))

    # What a customer may do -----------------------------------------------------

    def _portal_may_act(self, person):
        """Whether the person may close, reopen, rate and follow: whose ticket it is, and who may see all.

        :rtype: bool
        """
        self.ensure_one()
        partner = self.partner_id
        return bool(person) and person in (partner | partner.crm_portal_reader_ids)

    def _portal_may_close(self):
        """:rtype: bool"""
        self.ensure_one()
        return self.team_id.portal_close and not self.is_closed

    def _portal_may_reopen(self):
        """Whether the ticket was closed so recently that it is the same matter; for mails as well.

        :rtype: bool
        """
        self.ensure_one()
        if not self.is_closed or not self.closed_at:
            return False
        return fields.Datetime.now() < self.closed_at + timedelta(days=self.team_id.reopen_days)

    def _portal_close(self, person, text=""):
        """The customer says that it is solved; doing it twice does nothing.

        :param person: ``res.partner``
        :param str text: what he says to it
        :raise AccessError: not his ticket
        :raise UserError: the team closes its tickets itself
        """
        self._portal_check(person)
        text = self._portal_text(text)
        if self.is_closed:
            return
        if not self._portal_may_close():
            raise UserError(self.env._("Please write to us that it is solved: we close the ticket then."))
        self._portal_say(person, self.env._("Closed by the customer."), text)
        # He is asked for a rating on the page, not by a mail besides.
        self.with_context(helpdesk_no_rating_mail=True)._move_to_kind("closed")

    def _portal_reopen(self, person, text=""):
        """The customer says that it is not solved.

        :raise AccessError: not his ticket
        :raise UserError: too long ago, or no word about what is wrong
        """
        self._portal_check(person)
        text = self._portal_text(text)
        if not self.is_closed:
            return
        if not self._portal_may_reopen():
            raise UserError(
                self.env._("%s was closed too long ago. Please open a new ticket.", self.display_name)
            )
        if not text:
            raise UserError(self.env._("Please tell us what is still to be done."))
        self.action_reopen()
        self._portal_say(person, self.env._("Reopened by the customer."), text)

    def _portal_follow(self, person, follow):
        """Answers come by e-mail to who follows.

        :raise AccessError: neither his ticket nor allowed to see all, and no follower to begin with
        """
        self.ensure_one()
        if follow:
            self._portal_check(person)
            self.message_subscribe(person.ids)
        else:
            self.message_unsubscribe(person.ids)

    def _portal_check(self, person):
        if not self._portal_may_act(person):
            raise AccessError(self.env._("Only those whose ticket it is may do that."))

    @api.model
    def _portal_text(self, text, limit=TEXT_MAX):
        """A text as it came from a form, without what PostgreSQL does not take.

        :raise UserError: too long
        """
        text = (text or "").replace("\0", "").strip()
        if len(text) > limit:
            raise UserError(self.env._("Up to %s characters, please.", limit))
        return text

    def _portal_say(self, person, fact, text):
        """Put what the customer did into the conversation."""
        # He said by a button what becomes of the ticket; his words decide nothing.
        self.with_context(helpdesk_reply_decided=True).message_post(
            author_id=person.id,
            body=plaintext2html("\n\n".join(filter(None, (text, fact)))),
            message_type="comment",
            subtype_xmlid="mail.mt_comment",
        )

    def action_open_portal(self):
        """The page that the customer sees."""
        self.ensure_one()
        return {"type": "ir.actions.act_url", "target": "self", "url": self.access_url}

    # What a page shows ----------------------------------------------------------

    def _get_portal_description(self):
        """The request, unless the conversation begins with the same words (a ticket from a mail).

        :rtype: Markup
        """
        self.ensure_one()
        words = html2plaintext(self.description or "").strip()
        first = self.website_message_ids.filtered(lambda message: not message.is_internal).sorted("id")[:1]
        if not words or words == html2plaintext(first.body or "").strip():
            return ""
        return self.description

    def _get_portal_facts(self):
        """What a customer may know, in the order in which it is shown; other addons add theirs.

        :return: list of (label, text)
        """
        self.ensure_one()
        order, product = self.sale_order_id, self.product_id
        facts = [
            (self.env._("Team"), self.team_id.name),
            (self.env._("Taken care of by"), self.user_id.name or self.env._("Not assigned yet")),
            (self.env._("Asked by"), self.partner_id.name or self.partner_name),
            (self.env._("Order"), order.name),
            (self.env._("Product"), product.with_context(display_default_code=False).display_name),
        ]
        return [(label, text) for label, text in facts if text]
