from odoo.tests import new_test_user

from .common import CrmCoreCommon


class NextActionCommon(CrmCoreCommon):
    """Two customers of one salesperson, of whom one is late against her own rhythm."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        new = new_test_user
        sales = "sales_team.group_sale_salesman,crm_core.group_crm_core_user"
        cls.seller = new(cls.env, "next_seller", groups=sales)
        cls.colleague = new(cls.env, "next_colleague", groups=sales)
        cls.manager = new(
            cls.env, "next_manager", groups="sales_team.group_sale_manager,crm_core.group_crm_core_manager"
        )
        cls.customer.write({"user_id": cls.seller.id, "phone": "+1 555 0199", "email": "alma@example.com"})
        cls.contact.write({"phone": "+1 555 0198", "email": "anna@example.com"})
        cls.other = cls.make_customer("Boreal", user_id=cls.seller.id, phone="+1 555 0197")
        for days_ago in (100, 80, 60):
            cls.order(cls.contact, [(cls.paper, 5)], days_ago=days_ago)
            cls.order(cls.other, [(cls.paper, 1)], days_ago=days_ago - 55)
        cls.Dirty._fold()
        cls.service = cls.env.ref("crm_core.consent_purpose_service")
        cls.offers = cls.env.ref("crm_core.consent_purpose_offers")
        cls.env["crm.action.rule"].search([]).active = False
        cls.Action = cls.env["crm.next.action"]

    @classmethod
    def rule(cls, **values):
        return cls.env["crm.action.rule"].create(
            {
                "name": "Late",
                "domain": repr([("id", "in", (cls.customer | cls.other).ids)]),
                "score_formula": "lateness",
                "reason": "Orders every {interval} days; {days} days since the last order.",
                "user_id": cls.manager.id,
                "control_seed": 7,
                **values,
            }
        )

    def proposals(self, rule):
        return self.Action.search([("rule_id", "=", rule.id)])
