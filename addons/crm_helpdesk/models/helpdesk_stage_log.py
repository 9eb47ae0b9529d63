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
    def _begin(self, tickets, moment):
        """Write down that new tickets begin in their stages now.

        :rtype: helpdesk.stage.log
        """
        return self.create(
            [
                {
                    "ticket_id": ticket.id,
                    "stage_id": ticket.stage_id.id,
                    "date_from": moment,
                    "user_id": self.env.uid,
                }
                for ticket in tickets
            ]
        )

    @api.model
    def _move(self, tickets, moment):
        """Write down that the tickets come into other stages now."""
        self.flush_model()
        self.env.execute_query(
            SQL(
                "UPDATE helpdesk_stage_log SET date_to = %s"
                " WHERE ticket_id IN %s AND date_to IS NULL RETURNING id",
                moment,
                tuple(tickets.ids),
            )
        )
        self.invalidate_model(["date_to"])
        self._begin(tickets, moment)
