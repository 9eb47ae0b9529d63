from odoo.fields import Command

from .common import CrmCoreCommon


class TargetGroupCommon(CrmCoreCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.Group = cls.env["crm.target.group"]
        cls.Member = cls.env["crm.target.group.member"]
        cls.tag = cls.env["res.partner.category"].create({"name": "Of this test"})
        cls.buyer = cls.make_tagged("Buyer")
        cls.late = cls.make_tagged("Late")
        cls.never = cls.make_tagged("Never bought")
        cls.everybody = cls.buyer | cls.late | cls.never
        for days in (95, 65, 35, 5):
            cls.order(cls.buyer, [(cls.paper, 4), (cls.toner, 1)], days_ago=days)
        for days in (300, 280, 260, 240):
            cls.order(cls.late, [(cls.paper, 2)], days_ago=days)
        cls.Dirty._fold()

    @classmethod
    def make_tagged(cls, name, **values):
        return cls.make_customer(name, category_id=[Command.link(cls.tag.id)], **values)

    @classmethod
    def group(cls, *conditions, **values):
        domain = [("category_id", "in", cls.tag.ids), *conditions]
        return cls.Group.create({"name": "Group", "domain": repr(domain), **values})

    @classmethod
    def static(cls, partners, **values):
        group = cls.Group.create({"name": "Picked", "kind": "static", **values})
        if partners:
            group._add_partners(partners)
        return group

    def assert_members(self, group, partners):
        group.action_refresh()
        self.assertEqual(group.member_ids.partner_id, partners)
        self.assertEqual(group.member_count, len(partners))
