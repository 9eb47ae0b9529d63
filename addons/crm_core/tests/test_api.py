from datetime import timedelta

from odoo import fields
from odoo.tests import HttpCase, new_test_user, tagged

from .common import CrmCoreCommon


@tagged("post_install", "-at_install")
class TestApi(CrmCoreCommon, HttpCase):
    """The public methods as other software calls them: /json/2 with a key, and odoorpc."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.seller = new_test_user(
            cls.env,
            "api_seller",
            groups="sales_team.group_sale_salesman_all_leads",
            password="api_seller_2026",
        )
        cls.employee = new_test_user(cls.env, "api_employee", groups="base.group_user")
        for days_ago in (90, 60, 30):
            cls.order(cls.customer, [(cls.paper, 20)], days_ago=days_ago)
        cls.Dirty._fold()
        cls.env.cr.flush()  # what a commit does, for the requests

    def key(self, user):
        tomorrow = fields.Datetime.now() + timedelta(days=1)
        return self.env["res.users.apikeys"].with_user(user).sudo()._generate("rpc", "test", tomorrow)

    def call(self, model, method, user=None, **body):
        return self.url_open(
            f"/json/2/{model}/{method}",
            headers={"Authorization": f"bearer {self.key(user or self.seller)}"},
            json=body,
            method="POST",
        )

    def test_overview(self):
        answer = self.call("res.partner", "crm_overview", ids=[self.customer.id])
        self.assertEqual(answer.status_code, 200, answer.text)
        overview = answer.json()
        self.assertEqual(overview["partner"]["name"], "Alma Wholesale")
        self.assertEqual({tile["key"]: tile["value"] for tile in overview["tiles"]}["orders"], 3)

    def test_overview_folds_what_is_waiting(self):
        self.order(self.customer, [(self.paper, 1)])
        self.env.cr.flush()
        answer = self.call("res.partner", "crm_overview", ids=[self.customer.id])
        self.assertEqual({t["key"]: t["value"] for t in answer.json()["tiles"]}["orders"], 4)

    def test_from_suggestion_to_quotation(self):
        answer = self.call("res.partner", "crm_suggest_offer", ids=[self.customer.id], limit=3)
        line = answer.json()[0]
        self.assertEqual((line["product_id"], line["quantity"]), (self.paper.id, 20.0))
        body = {
            "vals_list": [
                {
                    "partner_id": self.customer.id,
                    "line_ids": [[0, 0, {"product_id": line["product_id"], "quantity": line["quantity"]}]],
                }
            ]
        }
        (offer_id,) = self.call("crm.offer", "create", **body).json()
        action = self.call("crm.offer", "action_create_quotation", ids=[offer_id]).json()
        order = self.env["sale.order"].browse(action["res_id"])
        self.assertEqual((order.partner_id, order.user_id), (self.customer, self.seller))
        self.assertEqual(order.amount_untaxed, 600.0)
        again = self.call("crm.offer", "action_create_quotation", ids=[offer_id]).json()
        self.assertEqual(again["res_id"], order.id)

    def test_timeline_by_pages(self):
        page = self.call(
            "res.partner", "crm_timeline", ids=[self.customer.id], limit=2, kinds=["order"]
        ).json()
        self.assertEqual([row["kind"] for row in page["rows"]], ["order", "order"])
        rest = self.call(
            "res.partner",
            "crm_timeline",
            ids=[self.customer.id],
            before=page["next"],
            kinds=["order"],
        ).json()
        self.assertEqual((len(rest["rows"]), rest["next"]), (1, None))
        wrong = self.call("res.partner", "crm_timeline", ids=[self.customer.id], channels=["pigeon"])
        self.assertEqual(wrong.status_code, 422)

    def test_errors_are_documented_statuses(self):
        url = "/json/2/res.partner/crm_overview"
        self.assertEqual(self.url_open(url, json={"ids": []}, method="POST").status_code, 401)
        denied = self.call("res.partner", "crm_overview", user=self.employee, ids=[self.customer.id])
        self.assertEqual(denied.status_code, 403)
        self.assertIn("Customer Relations", denied.json()["message"])
        wrong = self.call("res.partner", "crm_suggest_offer", ids=[self.customer.id], how_many=3)
        self.assertEqual(wrong.status_code, 422)
        out_of_range = self.call("res.partner", "crm_suggest_offer", ids=[self.customer.id], limit=500)
        self.assertEqual(out_of_range.status_code, 422)
        self.assertIn("500", out_of_range.json()["message"])
        private = self.call("res.partner", "_crm_overview", ids=[self.customer.id])
        self.assertEqual(private.status_code, 403)

    def test_odoorpc_client(self):
        import odoorpc  # a dependency of the tests alone

        ids = [self.customer.id]
        with self.allow_requests(all_requests=True):
            client = odoorpc.ODOO("127.0.0.1", port=self.http_port())
            client.login(self.env.cr.dbname, "api_seller", "api_seller_2026")
            overview = client.execute("res.partner", "crm_overview", ids)
            lines = client.execute_kw("res.partner", "crm_suggest_offer", [ids], {"limit": 2})
            history = client.execute("res.partner", "crm_timeline", ids)
        self.assertEqual(overview["partner"]["id"], self.customer.id)
        self.assertEqual(lines[0]["product_id"], self.paper.id)
        self.assertEqual(len([row for row in history["rows"] if row["kind"] == "order"]), 3)
