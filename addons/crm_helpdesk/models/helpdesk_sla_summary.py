from odoo import api, models
from odoo.tools import SQL

# What is said of a ticket with several promises: the first of these that one of them is in.
WORST_FIRST = ("failed", "running", "paused", "reached", "cancelled")


class HelpdeskSlaEngine(models.AbstractModel):
    """What tickets say of their promises."""

    _inherit = "helpdesk.sla.engine"

    @api.model
    def _summarize(self, tickets, rows, besides=None):
        """Copy the earliest open deadline and the worst state to the tickets.

        :param rows: all promises of the tickets
        :param SQL besides: an INSERT that belongs to the same work: one way to the database
        """
        rows_of = rows.grouped("ticket_id")
        summaries = {ticket: _summary(rows_of.get(ticket, ())) for ticket in tickets}
        changed = tickets.filtered(
            lambda ticket: summaries[ticket] != (ticket.sla_deadline, ticket.sla_state)
        )
        # What is to be written of a ticket anyway takes its summary along.
        names = ("stage_id", "sla_deadline", "sla_state")
        moving = {id_ for name in names for id_ in self.env._field_dirty.get(tickets._fields[name], ())}
        for ticket in changed.filtered(lambda ticket: ticket.id in moving):
            for name, value in zip(("sla_deadline", "sla_state"), summaries[ticket], strict=True):
                tickets._fields[name]._update_cache(ticket, value or None, dirty=True)
        self._write_summaries(
            {ticket: summaries[ticket] for ticket in changed if ticket.id not in moving}, besides
        )
        changed.invalidate_recordset(["sla_countdown"], flush=False)

    @api.model
    def _write_summaries(self, summaries, besides=None):
        """Write in SQL, so that nobody seems to have changed the tickets."""
        if not summaries:
            if besides:
                self.env.cr.execute(besides)
            return
        deadlines, states = zip(*summaries.values(), strict=True)
        self.env.cr.execute(
            SQL(
                """
                %s
                UPDATE helpdesk_ticket ticket
                   SET sla_deadline = summary.deadline, sla_state = summary.state
                  FROM unnest(%s::int[], %s::timestamp[], %s::varchar[]) AS summary (id, deadline, state)
                 WHERE summary.id = ticket.id
                """,
                SQL("WITH besides AS (%s)", besides) if besides else SQL(),
                [ticket.id for ticket in summaries],
                [deadline or None for deadline in deadlines],
                [state or None for state in states],
            )
        )
        tickets = self.env["helpdesk.ticket"].union(*summaries)
        tickets.invalidate_recordset(["sla_deadline", "sla_state"], flush=False)


def _summary(rows):
    """(earliest open deadline, worst state) of a ticket's promises."""
    deadlines = [row.deadline or row.failed_at for row in rows if row.running_since]
    states = {row.state for row in rows}
    return min(deadlines, default=False), next((state for state in WORST_FIRST if state in states), False)
