from odoo import fields, models
from odoo.fields import Domain

TICKETS_SHOWN = 5


class ResPartner(models.Model):
    """Tickets on the 360 screen."""

    _inherit = "res.partner"

    def _crm_overview(self):
        result = super()._crm_overview()
        if self.env["helpdesk.ticket"].has_access("read"):
            result["tickets"] = self._crm_overview_tickets()
            result["todo"] = [*self._crm_overview_late_tickets(result["tickets"]), *result["todo"]]
        return result

    def _crm_overview_tickets(self):
        """The open tickets that the reader may see, most pressing first.

        :return: ``count`` of all, ``open_count``, ``late_count``, ``can_create``, ``rows``
        :rtype: dict
        """
        Ticket = self.env["helpdesk.ticket"]
        own = self._crm_tickets_domain()
        still_open = own & Domain("is_closed", "=", False)
        now = fields.Datetime.now()
        tickets = Ticket.search(still_open, order="sla_deadline, priority desc, id desc", limit=TICKETS_SHOWN)
        shown_all = len(tickets) < TICKETS_SHOWN
        late = still_open & Domain("sla_deadline", "<", now)
        return {
            "count": Ticket.search_count(own),
            "open_count": len(tickets) if shown_all else Ticket.search_count(still_open),
            "late_count": Ticket.search_count(late) if tickets else 0,
            "can_create": Ticket.has_access("create"),
            "rows": [
                {
                    "id": ticket.id,
                    "number": ticket.number or "",
                    "name": ticket.name,
                    "stage": ticket.stage_id.name,
                    "kind": ticket.stage_kind,
                    "user": ticket.user_id.name or "",
                    "priority": int(ticket.priority),
                    "deadline": fields.Datetime.to_string(ticket.sla_deadline),
                    "is_late": bool(ticket.sla_deadline and ticket.sla_deadline < now),
                }
                for ticket in tickets
            ],
        }

    def _crm_overview_late_tickets(self, section):
        """:return: what to do about them, as in ``crm.customer.stat._get_overview_todo``"""
        late = section["late_count"]
        if not late:
            return []
        text = self.env._("One ticket is late") if late == 1 else self.env._("%s tickets are late", late)
        return [{"key": "tickets_late", "level": "danger", "text": text, "records": "tickets_late"}]

    def _crm_tickets_domain(self):
        return Domain("commercial_partner_id", "=", self.id) & Domain("company_id", "=", self.env.company.id)

    def _crm_record_windows(self):
        own = self._crm_tickets_domain()
        still_open = own & Domain("is_closed", "=", False)
        late = still_open & Domain("sla_deadline", "<", fields.Datetime.now())
        views = ["list", "kanban", "form"]
        return {
            **super()._crm_record_windows(),
            "tickets": (self.env._("Open Tickets"), "helpdesk.ticket", still_open, views),
            "tickets_late": (self.env._("Late Tickets"), "helpdesk.ticket", late, views),
            "tickets_all": (self.env._("Tickets"), "helpdesk.ticket", own, views),
        }
