from odoo import api, fields, models

from .helpdesk_team import PORTAL_LEVELS


class HelpdeskTeam(models.Model):
    """What the team offers its customers in the portal."""

    _inherit = "helpdesk.team"

    portal_close = fields.Boolean(
        string="Customers May Close",
        default=True,
        help="In the portal a customer may say that the ticket is solved.",
    )
    reopen_days = fields.Integer(
        string="Reopen within",
        default=14,
        help="For so many days after a ticket was closed the customer may reopen it, in the portal or by"
        " answering a mail; later a new one is opened, linked to the old one. 0: always a new one.",
    )
    use_rating = fields.Boolean(
        string="Ask for a Rating",
        help="When a ticket is solved, the customer is asked how satisfied he is: on the ticket's page, and"
        " by e-mail where he agreed to surveys.",
    )
    rating_template_id = fields.Many2one(
        "mail.template",
        string="E-Mail for the Rating",
        domain=[("model", "=", "helpdesk.ticket")],
        default=lambda self: self._default_rating_template(),
    )

    _reopen_days_positive = models.Constraint(
        "CHECK (reopen_days >= 0)", "The days within which a ticket may be reopened cannot be negative."
    )

    @api.model
    def _default_rating_template(self):
        return self.env.ref("crm_helpdesk.mail_template_ticket_rating", raise_if_not_found=False)

    @api.model
    def _get_portal_teams(self):
        """Teams that customers may open a ticket with, for the companies of the person who is signed in.

        :rtype: helpdesk.team
        """
        # sudo: customers have no access to teams; the pages show name and description of these alone
        return self.sudo().search(
            [("privacy_visibility", "in", PORTAL_LEVELS), ("company_id", "in", self.env.companies.ids)]
        )
