import inspect
import json
import re
import shlex
from datetime import timedelta
from unittest.mock import patch

import requests

from odoo import fields
from odoo.tests import HttpCase, new_test_user, tagged
from odoo.tools.misc import file_open

from .common import CrmCoreCommon

HOST = "https://erp.example.com"
ROW = re.compile(r"^\| `([a-z.]+)\.(\w+)\((.*?)\)` \|", re.MULTILINE)
# Keys of the answers that the docstrings name.
ANSWERS = {
    "crm_overview": {"partner", "company", "lifecycle", "tiles", "todo", "turnover", "products", "rights"},
    "crm_timeline": {"rows", "next"},
    "crm_timeline_detail": {"text", "lines"},
    "crm_upcoming": {"rows", "more"},
    "crm_suggest_offer": {"product_id", "quantity", "price_unit", "reason", "stock"},
    "crm_create_quotation": {"res_id"},
    "crm_record_consent": {"event_id", "action"},
    "crm_may_contact": {"allowed", "reason"},
    "crm_my_day": {"items", "done", "total", "reasons", "win_back"},
    "action_create_quotation": {"res_model", "res_id"},
}
# What the README shows of methods that answer True or ids.
PLAIN = {"create", "action_show_to_customer", "action_later", "action_refresh"}


@tagged("post_install", "-at_install", "thorough")
class TestReadme(CrmCoreCommon, HttpCase):
    """What the README promises of the API, taken from it and tried."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        with file_open("crm_core/README.md") as readme:
            _before, _heading, rest = readme.read().partition("\n## API\n")
        cls.section = rest.partition("\n## ")[0]
        cls.seller = new_test_user(
            cls.env,
            "readme_seller",
            groups="sales_team.group_sale_salesman_all_leads,crm_core.group_crm_core_manager",
        )
        cls.customer.write({"email": "alma@example.com", "phone": "+1 555 0199", "user_id": cls.seller.id})
        for days_ago in (90, 60, 30):
            cls.order(cls.customer, [(cls.paper, 20)], days_ago=days_ago)
        cls.env["crm.contact.log"].create(
            {"partner_id": cls.customer.id, "channel": "phone", "subject": "Called", "direction": "out"}
        )
        cls.env["crm.action.rule"].search([]).active = False
        cls.rule = cls.env["crm.action.rule"].create(
            {
                "name": "Call",
                "domain": repr([("id", "=", cls.customer.id)]),
                "reason": "{orders} orders",
                "user_id": cls.seller.id,
            }
        )
        cls.rule._run()
        cls.group = cls.env["crm.target.group"].create(
            {"name": "Some", "domain": repr([("id", "=", cls.customer.id)]), "user_id": cls.seller.id}
        )
        tomorrow = fields.Datetime.now() + timedelta(days=1)
        keys = cls.env["res.users.apikeys"].with_user(cls.seller).sudo()
        cls.api_key = keys._generate("rpc", "readme", tomorrow)
        cls.Dirty._fold()
        cls.env.cr.flush()  # what a commit does, for the requests

    def blocks(self, language):
        found = re.findall(rf"^```{language}\n(.*?)^```", self.section, re.MULTILINE | re.DOTALL)
        self.assertTrue(found, f"no example in {language}")
        return found

    def replaced(self, text, old, new):
        self.assertIn(old, text, "the example has changed; so must what is put in its place")
        return text.replace(old, new)

    def assert_answer(self, url, answer):
        method = url.rpartition("/")[2]
        self.assertEqual(answer.status_code, 200, f"{method}: {answer.text}")
        if method in PLAIN:
            return
        value = answer.json()
        for part in value if isinstance(value, list) else [value]:
            self.assertLessEqual(ANSWERS[method], part.keys(), method)
        self.assertTrue(value, method)

    # The commands ------------------------------------------------------

    def read_command(self, text):
        """A command of curl as address, headers and body; fails at a part it doesn't know."""
        program, *parts = shlex.split(text.replace("\\\n", " "))
        self.assertEqual(program, "curl")
        url, headers, body = None, {}, None
        while parts:
            part = parts.pop(0)
            if part == "-H":
                name, _colon, value = parts.pop(0).partition(": ")
                headers[name] = value
            elif part == "-X":
                self.assertEqual(parts.pop(0), "POST")
            elif part == "-d":
                body = json.loads(parts.pop(0))
            elif part != "-s":
                self.assertTrue(part.startswith(HOST) and url is None, f"what is {part}?")
                url = part
        return url, headers, body

    def test_commands_of_curl(self):
        for block in self.blocks("sh"):
            for command in block.strip().split("\n\n"):
                url, headers, body = self.read_command(command)
                self.assertEqual(headers.pop("Content-Type"), "application/json")
                headers = {
                    name: self.replaced(value, "$KEY", self.api_key) for name, value in headers.items()
                }
                if "ids" in body:
                    self.assertEqual(body["ids"], [42])
                    body["ids"] = self.customer.ids
                with self.subTest(url=url):
                    answer = self.url_open(url.removeprefix(HOST), headers=headers, json=body, method="POST")
                    self.assert_answer(url, answer)

    # The script --------------------------------------------------------

    def test_script_in_python(self):
        (script,) = self.blocks("python")
        script = self.replaced(
            script,
            f'URL, KEY = "{HOST}", "the key"',
            f"URL, KEY = {self.base_url()!r}, {self.api_key!r}",
        )
        ids = (self.customer.id, self.paper.id, self.group.id)
        script = self.replaced(script, "PRODUCT, GROUP = 42, 7, 3", f"PRODUCT, GROUP = {ids}")
        asked = []
        post = requests.post

        def remember(url, **kwargs):
            answer = post(url, **kwargs)
            asked.append(url)
            self.assert_answer(url, answer)
            return answer

        names = {"print": lambda *_words: None}
        with self.allow_requests(all_requests=True), patch.object(requests, "post", remember):
            exec(compile(script, "README.md", "exec"), names)  # noqa: S102 - our own text
        self.assertEqual(len(asked), script.count("call(") - 1, "each line was tried")
        self.env.invalidate_all()
        order = self.env["sale.order"].browse(names["order_id"])
        self.assertEqual((order.partner_id, order.user_id), (self.customer, self.seller))
        self.assertTrue(names["answer"]["allowed"], names["answer"]["reason"])
        self.assertEqual(self.rule.next_action_ids.state, "later")
        self.assertEqual(self.group.member_count, 1)

    # The table ---------------------------------------------------------

    def test_table_has_the_signatures(self):
        rows = ROW.findall(self.section)
        self.assertGreater(len(rows), 20)
        for model, name, arguments in rows:
            signature = inspect.signature(getattr(self.env.registry[model], name))
            told = ", ".join(
                one.name if one.default is one.empty else f"{one.name}={one.default!r}"
                for one in list(signature.parameters.values())[1:]
            )
            self.assertEqual(arguments.replace('"', "'"), told, f"{model}.{name}")

    def test_table_names_every_method_of_the_api(self):
        told = {(model, name) for model, name, _arguments in ROW.findall(self.section)}
        module = "odoo.addons.crm_core."
        for model, cls in self.env.registry.items():
            for name, method in inspect.getmembers(cls, inspect.isfunction):
                if name.startswith("crm_") and method.__module__.startswith(module):
                    self.assertIn((model, name), told, "a public method without a line in the README")

    def test_docstrings_name_the_keys(self):
        models = {name: model for model, name, _arguments in ROW.findall(self.section)}
        for method, keys in ANSWERS.items():
            if method.startswith("crm_"):
                told = inspect.getdoc(getattr(self.env.registry[models[method]], method))
                missing = {key for key in keys if f"``{key}``" not in told}
                self.assertFalse(missing, method)
