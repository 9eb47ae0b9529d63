from odoo import api, models
from odoo.fields import Command

from . import story_data


class CrmDemoStory(models.AbstractModel):
    """Audiences that the people of the story work with."""

    _inherit = "crm.demo.story"

    @api.model
    def _create_target_groups(self):
        company = self.env.ref("base.main_company")
        petra = self.env["res.users"].search([("login", "=", "petra")])
        mia = self.env["res.users"].search([("login", "=", "mia")])
        paper, toner = (
            self.env["product.product"].search([("name", "=", story_data.PRODUCTS[key][0])], limit=1)
            for key in ("paper", "toner")
        )
        Group = self.env["crm.target.group"].with_company(company)
        groups = Group.create(
            [
                {
                    "name": "Late customers",
                    "domain": repr([("crm_lifecycle", "=", "late")]),
                    "user_id": petra.id,
                    "color": 3,
                    "note": "Whom to call this week.",
                },
                {
                    "name": "Top customers",
                    "domain": repr([("crm_is_top_customer", "=", True)]),
                    "user_id": petra.id,
                    "control_share": 20,
                    "control_seed": 1847,
                    "note": "One in five is left alone, to see what addressing the others is worth.",
                    "color": 10,
                },
                {
                    "name": "Paper but no toner",
                    "domain": repr(
                        [
                            ("crm_bought_product_ids", "in", paper.ids),
                            ("crm_bought_product_ids", "not in", toner.ids),
                        ]
                    ),
                    "user_id": mia.id,
                    "color": 4,
                    "note": "They print, and buy the toner elsewhere.",
                },
                {
                    "name": "Visitors of the spring fair",
                    "kind": "static",
                    "user_id": mia.id,
                    "color": 8,
                },
            ]
        )
        late, top, _paper, fair = groups
        fair._add_partners(self.env["crm.customer.stat"].search([], limit=6, order="id").partner_id)
        groups |= Group.create(
            {
                "name": "Top customers who are not late",
                "kind": "combined",
                "include_ids": [Command.set(top.ids)],
                "exclude_ids": [Command.set(late.ids)],
                "user_id": petra.id,
                "color": 10,
            }
        )
        groups.action_refresh()
        late._take_snapshot()
