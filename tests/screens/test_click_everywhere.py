"""Everything in our apps opens in a real browser: menus, views, filters and groupings.

Meant for a database with demo data: what is wrong in a card shows only where there is a record.
"""

from suite_case import SuiteCase

from odoo.tests import HttpCase, new_test_user, tagged

LOADER = "odoo.loader.modules.get('@web/webclient/clickbot/clickbot_loader')"


@tagged("post_install", "-at_install", "browser")
class TestClickEverywhere(HttpCase, SuiteCase):
    """Odoo's own clicking robot goes through our apps."""

    allow_end_on_form = True

    def test_demo_data_has_something_to_show(self):
        """An empty list proves little: there is a record behind every action of ours."""
        for action in self.our_records("ir.actions.act_window"):
            model = self.env[action.res_model]
            if not model.is_transient():
                with self.subTest(action=action.get_external_id()[action.id]):
                    self.assertTrue(model.search_count([], limit=1))

    def test_click_everywhere(self):
        """No menu, view, filter or grouping of our apps fails, for somebody who may see all of them."""
        roles = ",".join(group.get_external_id()[group.id] for group in self.our_records("res.groups"))
        user = new_test_user(self.env, "clicks.everywhere", groups=f"base.group_system,{roles}")
        apps = self.our_records("ir.ui.menu").filtered(lambda menu: not menu.parent_id)
        self.assertTrue(apps)
        for app in apps:
            with self.subTest(app=app.name):
                self.browser_js(
                    "/odoo",
                    f"{LOADER}.startClickEverywhere('{app.get_external_id()[app.id]}');",
                    "odoo.isReady === true",
                    login=user.login,
                    timeout=600,
                    success_signal="clickbot test succeeded",
                )
