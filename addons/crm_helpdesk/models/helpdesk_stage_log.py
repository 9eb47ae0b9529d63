from odoo import api, fields, models
from odoo.tools import SQL


class HelpdeskStageLog(models.Model):
    """Which ticket was in which stage from when to when; the clocks of promises are told from it."""

    _name = "helpdesk.stage.log"
    _description = "Stage History of Tickets"
    _order = "date_from, id"
    _rec_name = "stage_id"
    _log_access = False

    ticket_id = fields.Many2one(
        "helpdesk.ticket", required=True, ondelete="cascade", readonly=True, index=True
    )
    stage_id = fields.Many2one("helpdesk.stage", ondelete="set null", readonly=True)
    date_from = fields.Datetime(string="From", required=True, readonly=True)
    date_to = fields.Datetime(string="To", readonly=True)
    user_id = fields.Many2one("res.users", string="Moved by", readonly=True, ondelete="set null")

    _current_uniq = models.UniqueIndex("(ticket_id) WHERE date_to IS NULL", "A ticket is in one stage.")

    @api.model
    def _move(self, tickets, moment):
        """Write down that the tickets come into other stages now."""
        self.flush_model()
        self.env.cr.execute(
            SQL(
                """
                WITH ended AS (
                    UPDATE helpdesk_stage_log SET date_to = %s
                     WHERE ticket_id = ANY(%s) AND date_to IS NULL
                 RETURNING ticket_id
                )
                %s
                """,
                moment,
                tickets.ids,
                # Joined so that what was ends before what comes begins: a ticket is in one stage.
                self._begin_query(tickets, moment, SQL("LEFT JOIN ended USING (ticket_id)")),
            )
        )
        self.invalidate_model(["date_to"], flush=False)
        tickets.invalidate_recordset(["stage_log_ids"], flush=False)

    @api.model
    def _begin_query(self, tickets, moment, join=None):
        """INSERT of rows that say that the tickets begin in their stages now.

        Whoever runs it forgets ``stage_log_ids`` of the tickets afterwards.

        :param SQL join: with what to join the tickets, whose ids are in the column ``ticket_id``
        :rtype: SQL
        """
        return SQL(
            """
            INSERT INTO helpdesk_stage_log (ticket_id, stage_id, date_from, user_id)
            SELECT ticket_id, stage_id, %s, %s
              FROM unnest(%s::int[], %s::int[]) AS ticket (ticket_id, stage_id) %s
            """,
            moment,
            self.env.uid,
            tickets.ids,
            [ticket.stage_id.id for ticket in tickets],
            join or SQL(),
        )
