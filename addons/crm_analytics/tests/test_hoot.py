from odoo.tests import HttpCase, tagged


@tagged("post_install", "-at_install")
class TestAnalyticsHoot(HttpCase):
    """The unit tests of the screens, in a browser without a server behind them."""

    def test_screens(self):
        self.browser_js(
            # The quotes make the filter exact, else it fits tests of many addons.
            "/web/tests?headless&loglevel=2&preset=desktop&timeout=15000&filter=%22@crm_analytics%22",
            "",
            "",
            login="admin",
            timeout=600,
            success_signal="[HOOT] Test suite succeeded",
        )
