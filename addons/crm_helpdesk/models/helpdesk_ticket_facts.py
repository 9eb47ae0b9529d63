from odoo import api, models
from odoo.tools import SQL

GOING_ON = ("running", "paused")
# Set when a promise is kept or missed, emptied when that is taken back.
ENDS = frozenset({"reached_at", "failed_at"})


class HelpdeskTicket(models.Model):
    """Tickets are facts of the customer."""

    _name = "helpdesk.ticket"
    _inherit = ["helpdesk.ticket", "crm.fact.source"]

    _crm_fact_fields = frozenset({"partner_id", "company_id", "stage_kind", "is_closed", "active"})
    _crm_owner_fields = frozenset({"partner_id", "company_id"})

    def _crm_are_facts_changed(self, vals_list):
        return super()._crm_are_facts_changed(self._without_moves_of_open(vals_list))

    def _interaction_are_rows_changed(self, vals_list):
        return super()._interaction_are_rows_changed(self._without_moves_of_open(vals_list))

    def _without_moves_of_open(self, vals_list):
        """The values without the kind of stage, where no closed ticket tells of it: whether one is solved or
        cancelled matters, from where to where an open one moves does not.
        """
        moved = any("stage_kind" in vals for vals in vals_list)
        if not moved or any(ticket.is_closed or ticket.closed_at for ticket in self):
            return vals_list
        return [{name: value for name, value in vals.items() if name != "stage_kind"} for vals in vals_list]

    def _crm_owner_query(self, ids):
        return self._crm_owner_query_by_ticket(SQL("SELECT id FROM helpdesk_ticket WHERE id IN %s", ids))

    @api.model
    def _crm_owner_query_by_ticket(self, ticket_ids_query):
        """Owners of tickets, for models that hang on one.

        :param SQL ticket_ids_query: SELECT returning ids of tickets
        """
        return SQL(
            """
            SELECT ticket.company_id, partner.commercial_partner_id
              FROM helpdesk_ticket ticket
              JOIN res_partner partner ON partner.id = ticket.partner_id
             WHERE ticket.id IN (%s)
            """,
            ticket_ids_query,
        )


class HelpdeskSlaStatus(models.Model):
    _name = "helpdesk.sla.status"
    _inherit = ["helpdesk.sla.status", "crm.fact.source"]

    _crm_fact_fields = frozenset({"state"})

    def _crm_are_facts_changed(self, vals_list):
        # Promises count when they were kept or missed, not while the clock runs or stands still.
        return super()._crm_are_facts_changed(
            [vals for vals in vals_list if vals.get("state") not in GOING_ON or not ENDS.isdisjoint(vals)]
        )

    def _crm_leave_to_others(self, pending):
        tickets = pending.setdefault("helpdesk.ticket", set())
        left = set()
        for status in self:
            if ticket_id := status._cache.get("ticket_id"):
                tickets.add(ticket_id)
            else:
                left.add(status.id)
        return left

    def _crm_owner_query(self, ids):
        tickets = SQL("SELECT ticket_id FROM helpdesk_sla_status WHERE id IN %s", ids)
        return self.env["helpdesk.ticket"]._crm_owner_query_by_ticket(tickets)
