from odoo import fields, models
from odoo.exceptions import AccessError

ALL_TICKETS = "crm_helpdesk.group_crm_helpdesk_all"


class DigestDigest(models.Model):
    """What came in, what was solved and whether we kept our word, in the mail about how business goes."""

    _inherit = "digest.digest"

    kpi_helpdesk_new = fields.Boolean("New Tickets")
    kpi_helpdesk_new_value = fields.Integer(compute="_compute_kpi_helpdesk_new_value")
    kpi_helpdesk_solved = fields.Boolean("Tickets Solved")
    kpi_helpdesk_solved_value = fields.Integer(compute="_compute_kpi_helpdesk_solved_value")
    kpi_helpdesk_kept = fields.Boolean("Promises Kept, %")
    kpi_helpdesk_kept_value = fields.Integer(compute="_compute_kpi_helpdesk_kept_value")

    def _compute_kpi_helpdesk_new_value(self):
        self._check_all_tickets()
        self._calculate_company_based_kpi("helpdesk.ticket", "kpi_helpdesk_new_value")

    def _compute_kpi_helpdesk_solved_value(self):
        self._check_all_tickets()
        self._calculate_company_based_kpi(
            "helpdesk.ticket",
            "kpi_helpdesk_solved_value",
            date_field="closed_at",
            additional_domain=[("stage_kind", "=", "closed")],
        )

    def _compute_kpi_helpdesk_kept_value(self):
        """Of the promises that were kept or missed in that time, how many of a hundred were kept."""
        self._check_all_tickets()
        kept = self._count_promises("reached_at", "reached")
        missed = self._count_promises("failed_at", "failed")
        for digest in self:
            company = digest.company_id or self.env.company
            ended = kept.get(company, 0) + missed.get(company, 0)
            digest.kpi_helpdesk_kept_value = round(100 * kept.get(company, 0) / ended) if ended else 0

    def _count_promises(self, moment, state):
        """Promises that came to this end in the days of the mail.

        :param str moment: field that says when
        :rtype: dict[res.company, int]
        """
        start, end, companies = self._get_kpi_compute_parameters()
        wanted = [
            ("company_id", "in", companies.ids),
            ("state", "=", state),
            (moment, ">=", start),
            (moment, "<", end),
        ]
        return dict(self.env["helpdesk.sla.status"]._read_group(wanted, ["company_id"], ["__count"]))

    def _check_all_tickets(self):
        """:raise AccessError: does not see all tickets; the figure is left out of his mail"""
        if not self.env.user.has_group(ALL_TICKETS):
            raise AccessError(self.env._("Do not have access, skip this data for user's digest email"))

    def _compute_kpis_actions(self, company, user):
        menu = self.env.ref("crm_helpdesk.crm_helpdesk_menu_root").id
        actions = {
            "kpi_helpdesk_new": "helpdesk_ticket_action",
            "kpi_helpdesk_solved": "helpdesk_ticket_action",
            "kpi_helpdesk_kept": "helpdesk_sla_report_action",
        }
        return {
            **super()._compute_kpis_actions(company, user),
            **{name: f"crm_helpdesk.{action}?menu_id={menu}" for name, action in actions.items()},
        }
