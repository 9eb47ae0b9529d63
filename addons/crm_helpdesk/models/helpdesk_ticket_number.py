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
        sequences = self.env["ir.sequence"].sudo().with_company(company)
        sequences.flush_model()
        rows = self.env.execute_query(
            SQL(
                """
                WITH chosen AS (
                    SELECT id, prefix, suffix, padding,
                           implementation = 'standard' AND use_date_range IS NOT TRUE AS is_plain
                      FROM ir_sequence
                     WHERE code = %(code)s AND active AND (company_id = %(company)s OR company_id IS NULL)
                     ORDER BY company_id
                     LIMIT 1
                )
                SELECT id, prefix, suffix, padding,
                       CASE WHEN is_plain
                            -- The ERP's own name of it: see ir.sequence
                            THEN nextval('ir_sequence_' || lpad(id::text, greatest(3, length(id::text)), '0'))
                             END
                  FROM chosen, generate_series(1, CASE WHEN is_plain THEN %(count)s ELSE 1 END)
                """,
                code=SEQUENCE,
                company=company.id,
                count=count,
            )
        )
        if not rows:
            return [False] * count
        sequence_id, prefix, suffix, padding, first = rows[0]
        sequence = sequences.browse(sequence_id)
        if first is None:
            return [sequence._next() for _number in range(count)]
        numbers = [number for *_sequence, number in rows]
        if "%" in f"{prefix}{suffix}":  # parts of the date
            return [sequence.get_next_char(number) for number in numbers]
        return [f"{prefix or ''}{number:0{padding or 0}d}{suffix or ''}" for number in numbers]
