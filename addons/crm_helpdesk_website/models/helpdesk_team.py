from odoo import api, fields, models
from odoo.fields import Domain

PAGE = "/contact-support"


class HelpdeskTeam(models.Model):
    """Whether visitors of the website may write to the team."""

    _inherit = "helpdesk.team"

    use_website_form = fields.Boolean(
        string="On the Website",
        help="Visitors of the website choose this team in the form for contacting support.",
    )
    website_form_url = fields.Char(string="Address of the Form", compute="_compute_website_form_url")

    @api.depends("use_website_form", "company_id.website_id")
    def _compute_website_form_url(self):
        for team in self:
            website = team.company_id.website_id
            base = website.get_base_url() if website else team.get_base_url()
            team.website_form_url = f"{base}{PAGE}?team={team.id}" if team.use_website_form else False

    @api.model
    def _get_website_teams(self, website):
        """Teams that visitors of a website may write to.

        :param website: ``website``
        :rtype: helpdesk.team
        """
        # sudo: visitors have no access to teams; the page shows name and description of these alone
        return self.sudo().search(
            Domain("use_website_form", "=", True) & Domain("company_id", "=", website.company_id.id)
        )
