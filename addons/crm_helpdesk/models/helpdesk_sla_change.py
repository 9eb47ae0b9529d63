from odoo import api, fields, models
from odoo.fields import Domain

BATCH = 500


class HelpdeskSlaChange(models.Model):
    """Something was changed that deadlines of many tickets depend on; they are worked out in the background.

    Whoever edits a calendar or a policy adds one row and waits for nothing. The cron goes through the
    open tickets in order and remembers how far it came.
    """

    _name = "helpdesk.sla.change"
    _description = "Deadlines to Work Out"
    _order = "id"

    policy_id = fields.Many2one("helpdesk.sla", ondelete="cascade", readonly=True)
    calendar_id = fields.Many2one("resource.calendar", ondelete="cascade", readonly=True)
    company_id = fields.Many2one("res.company", ondelete="cascade", readonly=True)
    team_id = fields.Many2one("helpdesk.team", ondelete="cascade", readonly=True)
    partner_id = fields.Many2one("res.partner", readonly=True)
    last_ticket_id = fields.Integer(readonly=True)

    @api.model
    def _queue(self, vals_list):
        """Ask for the tickets that depend on something to be worked out again."""
        if vals_list:
            # sudo: whoever may change a calendar, a holiday or a customer has no business in this queue
            self.sudo().create(vals_list)
            cron = self.env.ref("crm_helpdesk.ir_cron_sla_change", raise_if_not_found=False)
            if cron:  # not while the addon comes or goes
                cron.sudo()._trigger()  # sudo: as above

    def _get_ticket_domain(self):
        """Open tickets that the change may concern."""
        self.ensure_one()
        domain = Domain("is_closed", "=", False) & Domain("id", ">", self.last_ticket_id)
        if self.policy_id:
            company = self.policy_id.company_id
            return domain & Domain("company_id", "=", company.id)
        if self.team_id:
            return domain & Domain("team_id", "=", self.team_id.id)
        if self.partner_id:
            return domain & Domain("partner_id", "child_of", self.partner_id.commercial_partner_id.ids)
        counting = Domain("is_over", "=", False)
        if self.calendar_id:
            counting &= Domain("calendar_id", "=", self.calendar_id.id)
        if self.company_id:
            counting &= Domain("company_id", "=", self.company_id.id)
        return domain & Domain("sla_status_ids", "any", counting)

    def _work(self, limit=BATCH):
        """Work out the next tickets.

        :return: how many; 0: there are no more, and the change is gone
        """
        self.ensure_one()
        tickets = self.env["helpdesk.ticket"].search(self._get_ticket_domain(), order="id", limit=limit)
        if not tickets:
            self.unlink()
            return 0
        self.env["helpdesk.sla.engine"]._update(tickets)
        self.last_ticket_id = tickets[-1].id
        return len(tickets)

    @api.model
    def _cron_work(self, limit=BATCH):
        """Work out deadlines in batches, each in a transaction of its own."""
        cron = self.env["ir.cron"]
        cron._commit_progress(remaining=self.search_count([]))
        while change := self.search([], limit=1).try_lock_for_update():
            done = change._work(limit)
            if not cron._commit_progress(0 if done else 1):
                break
