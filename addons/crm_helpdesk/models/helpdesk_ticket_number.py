from odoo import api, models
from odoo.tools import SQL

from .res_company import SEQUENCE


class HelpdeskTicket(models.Model):
    """Each company numbers its tickets; many at once take their numbers at once."""

    _inherit = "helpdesk.ticket"

    @api.model
    def _number_beforehand(self, vals_list):
        """Number what says its team: to write the numbers afterwards costs a change of each ticket.

        :return: the values, with numbers
        """
        Team = self.env["helpdesk.team"].sudo()  # sudo: the company of a team decides, nobody sees it
        companies = [
            Team.browse(vals["team_id"]).company_id
            if vals.get("team_id") and not vals.get("number")
            else None
            for vals in vals_list
        ]
        drawn = {
            company: iter(self._draw_numbers(company, companies.count(company)))
            for company in {*companies} - {None, self.env["res.company"]}
        }
        return [
            {**vals, "number": next(drawn[company])} if company else vals
            for vals, company in zip(vals_list, companies, strict=True)
        ]

    def _number_them(self):
        """Give the next numbers of the tickets' companies."""
        unnumbered = self.filtered(lambda ticket: not ticket.number)
        for company, tickets in unnumbered.grouped("company_id").items():
            for ticket, number in zip(tickets, self._draw_numbers(company, len(tickets)), strict=True):
                ticket.number = number

    @api.model
    def _draw_numbers(self, company, count):
        """The next numbers of a company; with one query where the sequence allows it.

        :rtype: list[str]
        """
        # sudo: whoever may open a ticket may take its number
        sequence = (
            self.env["ir.sequence"]
            .sudo()
            .with_company(company)
            .search_fetch(
                [("code", "=", SEQUENCE), ("company_id", "in", [company.id, False])],
                order="company_id",
                limit=1,
            )
        )
        if not sequence:
            return [False] * count
        if sequence.implementation != "standard" or sequence.use_date_range:
            return [sequence._next() for _number in range(count)]
        rows = self.env.execute_query(
            SQL("SELECT nextval(%s) FROM generate_series(1, %s)", f"ir_sequence_{sequence.id:03d}", count)
        )
        return [sequence.get_next_char(number) for (number,) in rows]
