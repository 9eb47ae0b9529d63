"""Base of the tests that look at all our addons inside a database."""

from suite import addon_names

from odoo.tests import TransactionCase, new_test_user


class SuiteCase(TransactionCase):
    """Knows which models, groups and actions of the database are ours."""

    @classmethod
    def setUpClass(cls):
        """Find out which of our addons are installed."""
        super().setUpClass()
        domain = [("name", "in", addon_names()), ("state", "=", "installed")]
        cls.our_addons = cls.env["ir.module.module"].search(domain).mapped("name")

    def our_models(self):
        """Models that our addons define (not those they only extend), abstract ones left out."""
        return [
            self.env[name]
            for name, model in self.registry.items()
            if model._original_module in self.our_addons and not model._abstract
        ]

    def our_records(self, model):
        """Records of a model that our addons' data made."""
        data = self.env["ir.model.data"].search([("module", "in", self.our_addons), ("model", "=", model)])
        return self.env[model].browse(data.mapped("res_id")).exists()

    def users_by_role(self):
        """Yield (name of the role, a user who has just that role)."""
        for group in self.our_records("res.groups"):
            xml_id = group.get_external_id()[group.id]
            login = f"role {xml_id}"
            yield xml_id, new_test_user(self.env, login, groups=f"base.group_user,{xml_id}")
