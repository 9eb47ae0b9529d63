from datetime import timedelta

from odoo import api, fields, models

# Rules switched on, and the share of customers each leaves alone.
RULES = {"due": 10, "late": 20, "quotation": 0, "thanks": 0, "overdue": 0, "silent": 0}


class CrmDemoNextActions(models.AbstractModel):
    """The rules of the wholesaler, what they propose today, and what came of them a month ago."""

    _inherit = "crm.demo.story"

    @api.model
    def _create_next_actions(self):
        petra = self.env["res.users"].search([("login", "=", "petra")])
        rules = self.env["crm.action.rule"].browse(
            self.env.ref(f"crm_core.crm_action_rule_{code}").id for code in RULES
        )
        for rule, share in zip(rules, RULES.values(), strict=True):
            rule.write({"active": True, "user_id": petra.id, "control_share": share, "control_seed": 12})
        late = rules[1]
        late._run()
        self._answer_a_month_ago(late)
        for rule in rules:
            rule._run()
        # Whoever tries the demo as administrator has a day, too.
        mine = self.env["crm.next.action"].search([("state", "=", "proposed")], limit=6)
        mine.user_id = self.env.ref("base.user_admin")

    def _answer_a_month_ago(self, rule):
        """What the rule proposed lies a month back: partly done, partly not, and measured."""
        actions = self.env["crm.next.action"].search([("rule_id", "=", rule.id), ("state", "=", "proposed")])
        for number, action in enumerate(actions):
            if number % 3 == 2:
                action._close("rejected", reject_reason="not_now")
            else:
                action._close("accepted")
            action.answered_at = fields.Datetime.now() - timedelta(days=33 - number)
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE crm_next_action SET create_date = create_date - interval '35 days' WHERE rule_id = %s",
            [rule.id],
        )
        actions._cron_follow()
