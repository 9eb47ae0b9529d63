from odoo import Command
from odoo.tests import new_test_user

from odoo.addons.base.tests.common import BaseCommon

from ..models.kept import CHANGED


class HelpdeskCommon(BaseCommon):
    """A team of two, a customer with a contact, and tickets as short verbs."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company = cls.env.company
        cls.anna = cls.make_user("anna")
        cls.ben = cls.make_user("ben")
        cls.lead = cls.make_user("lead", "crm_helpdesk.group_crm_helpdesk_all")
        cls.team = cls.make_team("Printers", cls.anna | cls.ben, user_id=cls.lead.id)
        cls.customer = cls.env["res.partner"].create({"name": "Alma Wholesale", "is_company": True})
        cls.contact = cls.env["res.partner"].create(
            {
                "name": "Iris",
                "parent_id": cls.customer.id,
                "email": "iris@alma.example",
                "phone": "+32 470 12 34 56",
            }
        )
        cls.new = cls.env.ref("crm_helpdesk.helpdesk_stage_new")
        cls.waiting = cls.env.ref("crm_helpdesk.helpdesk_stage_waiting")
        cls.solved = cls.env.ref("crm_helpdesk.helpdesk_stage_solved")
        cls.cancelled = cls.env.ref("crm_helpdesk.helpdesk_stage_cancelled")

    @classmethod
    def make_user(cls, login, groups="crm_helpdesk.group_crm_helpdesk_agent", **values):
        return new_test_user(
            cls.env, f"helpdesk_{login}", groups=groups, email=f"{login}@desk.example", **values
        )

    @classmethod
    def make_team(cls, name, users, **values):
        return cls.env["helpdesk.team"].create(
            {
                "name": name,
                "member_ids": [Command.create({"user_id": user.id}) for user in users],
                "resource_calendar_id": False,
                **values,
            }
        )

    @classmethod
    def next_number(cls, company):
        """What the next ticket of a company will be called."""
        domain = [("code", "=", "helpdesk.ticket"), ("company_id", "=", company.id)]
        sequence = cls.env["ir.sequence"].search(domain)
        return sequence.get_next_char(sequence.number_next_actual)

    @classmethod
    def ticket(cls, name="Toner leaks", **values):
        return cls.env["helpdesk.ticket"].create(
            {"name": name, "team_id": cls.team.id, "partner_id": cls.contact.id, **values}
        )

    def settle(self):
        """As after a commit: what is kept of the set-up is kept again."""
        self.env.cr.flush()
        self.env.cr.postcommit.data.pop(CHANGED, None)
        self.env.invalidate_all()

    def queries(self, work):
        """How many queries the work takes when it is not the first of its kind."""
        counts = []
        for _turn in range(2):
            self.settle()
            before = self.env.cr.sql_log_count
            work()
            self.env.cr.flush()
            counts.append(self.env.cr.sql_log_count - before)
        return counts[-1]
