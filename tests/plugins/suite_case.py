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

    @classmethod
    def our_records(cls, model):
        """Records of a model that our addons' data made."""
        data = cls.env["ir.model.data"].search([("module", "in", cls.our_addons), ("model", "=", model)])
        return cls.env[model].browse(data.mapped("res_id")).exists()

    @classmethod
    def make_users_by_role(cls):
        """:return: {name of the role: a user who has just that role}"""
        names = cls.our_records("res.groups").get_external_id().values()
        return {
            name: new_test_user(cls.env, f"role {name}", groups=f"base.group_user,{name}") for name in names
        }
