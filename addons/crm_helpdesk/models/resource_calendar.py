from odoo import api, models

HOURS_OF_A_CALENDAR = frozenset({"tz", "flexible_hours", "two_weeks_calendar", "attendance_ids"})


class ResourceCalendar(models.Model):
    _inherit = "resource.calendar"

    def write(self, vals):
        result = super().write(vals)
        if not HOURS_OF_A_CALENDAR.isdisjoint(vals):
            self._queue_sla_changes()
        return result

    def _queue_sla_changes(self):
        """Deadlines by these working hours are worked out again."""
        self.env["helpdesk.sla.change"]._queue([{"calendar_id": calendar.id} for calendar in self])


class ResourceCalendarAttendance(models.Model):
    _inherit = "resource.calendar.attendance"

    @api.model_create_multi
    def create(self, vals_list):
        attendances = super().create(vals_list)
        attendances.calendar_id._queue_sla_changes()
        return attendances

    def write(self, vals):
        calendars = self.calendar_id
        result = super().write(vals)
        (calendars | self.calendar_id)._queue_sla_changes()
        return result

    def unlink(self):
        calendars = self.calendar_id
        result = super().unlink()
        calendars.exists()._queue_sla_changes()
        return result


class ResourceCalendarLeaves(models.Model):
    _inherit = "resource.calendar.leaves"

    @api.model_create_multi
    def create(self, vals_list):
        leaves = super().create(vals_list)
        leaves._queue_sla_changes()
        return leaves

    def write(self, vals):
        before = self._get_sla_changes()
        result = super().write(vals)
        self._queue_sla_changes(before)
        return result

    def unlink(self):
        before = self._get_sla_changes()
        result = super().unlink()
        self.env["helpdesk.sla.change"]._queue(before)
        return result

    def _get_sla_changes(self):
        """Whose deadlines these holidays move; absences of single people move none."""
        holidays = self.filtered(lambda leave: not leave.resource_id)
        keys = {(leave.calendar_id.id, leave.company_id.id) for leave in holidays}
        return [{"calendar_id": calendar, "company_id": company} for calendar, company in sorted(keys)]

    def _queue_sla_changes(self, before=()):
        changes = [*before, *(change for change in self._get_sla_changes() if change not in before)]
        self.env["helpdesk.sla.change"]._queue(changes)
