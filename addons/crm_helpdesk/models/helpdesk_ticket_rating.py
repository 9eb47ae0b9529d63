from odoo import fields, models
from odoo.exceptions import UserError

RATES = (5, 3, 1)
FEEDBACK_MAX = 2000


class HelpdeskTicket(models.Model):
    """How satisfied the customer is, by the ERP's ratings."""

    _inherit = "helpdesk.ticket"

    # Nobody rated what is new: nothing to ask the database for.
    rating_last_value = fields.Float(compute="_compute_rating_last_value", store=True, precompute=True)

    def write(self, vals):
        unsolved = self.filtered(lambda ticket: ticket.stage_kind != "closed")
        result = super().write(vals)
        if unsolved and not self.env.context.get("helpdesk_no_rating_mail"):
            unsolved.filtered(lambda ticket: ticket.stage_kind == "closed")._ask_for_rating()
        return result

    def _rating_get_parent_field_name(self):
        return "team_id"

    def _ask_for_rating(self):
        """Write to the customers of solved tickets, where the team wants it and they agreed to surveys."""
        wanted = self.filtered(
            lambda ticket: (
                ticket.team_id.use_rating and ticket.team_id.rating_template_id and ticket.partner_id.email
            )
        )
        if not wanted:
            return
        answers = wanted.partner_id._crm_may_contact_batch("email", "survey")
        for ticket in wanted.filtered(lambda ticket: answers[ticket.partner_id.id][0]):
            ticket.rating_send_request(
                ticket.team_id.rating_template_id, lang=ticket.partner_id.lang, force_send=False
            )

    def action_open_ratings(self):
        """What the customer said."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("crm_helpdesk.helpdesk_rating_action")
        wanted = [("res_model", "=", self._name), ("res_id", "=", self.id), ("consumed", "=", True)]
        return {**action, "display_name": self.display_name, "domain": wanted}

    def _portal_may_rate(self):
        """:rtype: bool"""
        self.ensure_one()
        return self.team_id.use_rating and self.stage_kind == "closed"

    def _get_portal_rating(self, person):
        """What this person said about the ticket.

        :rtype: rating.rating
        """
        self.ensure_one()
        said = self.rating_ids.filtered(lambda rating: rating.consumed and rating.partner_id == person)
        return said.sorted("id", reverse=True)[:1]

    def _portal_rate(self, person, rate, feedback=""):
        """The customer says how satisfied he is; saying it again changes what he said.

        :param int rate: one of ``RATES``
        :raise AccessError: not his ticket
        :raise UserError: not solved, or no such rate
        """
        self._portal_check(person)
        if not self._portal_may_rate():
            raise UserError(self.env._("A rating can be given once the ticket is solved."))
        if rate not in RATES:
            raise UserError(self.env._("Please choose one of the three faces."))
        feedback = self._portal_text(feedback, FEEDBACK_MAX)
        if rating := self._get_portal_rating(person):
            self.rating_apply(rate, rating=rating, feedback=feedback)
        else:
            self.rating_apply(rate, token=self._rating_get_access_token(person), feedback=feedback)
