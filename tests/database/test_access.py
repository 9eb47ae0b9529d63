"""Every model of ours says who may do what."""

from suite_case import SuiteCase

from odoo.tests import tagged

COMPANY_FIELDS = ("company_id", "company_ids")
OWNER_FIELDS = ("user_id", "owner_id")


@tagged("post_install", "-at_install")
class TestAccess(SuiteCase):
    """Access lines and record rules."""

    def test_every_model_has_an_access_line(self):
        """A model without one is open to nobody but the superuser, which is never what was
        meant.
        """
        lines = self.env["ir.model.access"].search([])
        covered = set(lines.mapped("model_id.model"))
        self.assertFalse({model._name for model in self.our_models()} - covered)

    def test_every_access_line_names_a_group(self):
        """A line without a group would give rights to portal users and the public."""
        lines = self.our_records("ir.model.access")
        self.assertFalse(lines.filtered(lambda line: not line.group_id).mapped("name"))

    def test_models_with_company_or_owner_have_a_rule(self):
        """Whoever belongs to a company or a person is shown by a rule, not to everybody."""
        ruled = set(self.env["ir.rule"].search([]).mapped("model_id.model"))
        wanted = {
            model._name
            for model in self.our_models()
            if not model._transient and self._has_stored(model, (*COMPANY_FIELDS, *OWNER_FIELDS))
        }
        self.assertFalse(wanted - ruled)

    @staticmethod
    def _has_stored(model, names):
        """Tell whether the model stores one of the fields."""
        return any(name in model._fields and model._fields[name].store for name in names)
