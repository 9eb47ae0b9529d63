import json

from odoo.tests import HttpCase, new_test_user, tagged

from odoo.addons.crm_analytics.tests.common import AnalyticsCommon


@tagged("post_install", "-at_install")
class TestSpreadsheetDashboard(AnalyticsCommon, HttpCase):
    """Customers among the ERP's dashboards."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.dashboard = cls.env.ref("crm_analytics_spreadsheet.dashboard_customers")
        cls.reader = new_test_user(cls.env, "sheet.reader", groups="crm_analytics.group_crm_analytics_reader")

    def test_names_fields_that_are_there(self):
        content = json.loads(self.dashboard.spreadsheet_data)
        wanted = []
        for pivot in content["pivots"].values():
            names = [part["fieldName"] for part in (*pivot["measures"], *pivot["rows"])]
            wanted.append((pivot["model"], names, pivot["domain"], pivot["fieldMatching"]))
        for figure in content["sheets"][0]["figures"]:
            if "metaData" in figure["data"]:
                meta, search = figure["data"]["metaData"], figure["data"]["searchParams"]
                names = [meta["measure"], *meta["groupBy"]]
                wanted.append((meta["resModel"], names, search["domain"], figure["data"]["fieldMatching"]))
        self.assertGreater(len(wanted), 5)
        for model, names, domain, matching in wanted:
            Model = self.env[model].with_user(self.reader)
            with self.subTest(model=model, names=names):
                for name in names:
                    self.assertIn(name.partition(":")[0], {*Model._fields, "__count"})
                for match in matching.values():
                    Model.search([*domain, (match["chain"], "!=", False)], limit=1)

    def test_roles(self):
        other = new_test_user(self.env, "sheet.other", groups="base.group_user")
        found = [
            self.dashboard.with_user(user).search([("id", "=", self.dashboard.id)])
            for user in (self.reader, other)
        ]
        self.assertEqual(found, [self.dashboard, self.dashboard.browse()])

    def test_opens_in_the_browser(self):
        for days in (10, 40, 80):
            self.order(self.customer, [(self.training, 1)], days_ago=days)
        self.fold()
        self.env["crm.analytics.model"]._score(self.company)
        self.start_tour("/odoo/dashboards", "analytics_spreadsheet_dashboard", login="sheet.reader")
