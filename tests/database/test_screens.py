"""Every menu, action and view of ours opens for every role of ours."""

from lxml import etree
from suite_case import SuiteCase

from odoo.exceptions import AccessError
from odoo.tests import new_test_user, tagged
from odoo.tools.safe_eval import safe_eval

RECORDS_PER_VIEW = 20
GROUPED = ("graph", "pivot")


@tagged("post_install", "-at_install")
class TestScreens(SuiteCase):
    """Opens what a person could click, with the calls the web client makes."""

    @classmethod
    def setUpClass(cls):
        """One user for each role."""
        super().setUpClass()
        cls.users_by_role = cls.make_users_by_role()

    def test_menus_open_for_every_role(self):
        """Whoever sees a menu can use its action; our own are opened by the next test."""
        ours = self.our_records("ir.actions.act_window")
        for role, user in self.users_by_role.items():
            for menu in self._visible_menus(user):
                action = menu.action
                if action and action._name == "ir.actions.act_window":
                    with self.subTest(role=role, menu=menu.complete_name):
                        self.assertTrue(self._may_open(action, user))
                        if action not in ours:
                            self._open(action, user)

    def test_actions_open_for_every_role(self):
        """Each action of ours, with or without a menu, opens for those who may read its model."""
        actions = self.our_records("ir.actions.act_window")
        for role, user in self.users_by_role.items():
            for action in actions:
                if self._may_open(action, user):
                    with self.subTest(role=role, action=action.get_external_id()[action.id]):
                        self._open(action, user)

    def test_views_open_for_every_role(self):
        """Each view of ours is shown to those who may read its model."""
        views = self.our_records("ir.ui.view").filtered(lambda view: view.model in self.env)
        for role, user in self.users_by_role.items():
            for view in views.filtered(lambda view: view.mode == "primary"):
                model = self.env[view.model].with_user(user)
                if model.has_access("read"):
                    with self.subTest(role=role, view=view.xml_id):
                        model.get_view(view.id, view.type)

    def test_reports_render(self):
        """Each report of ours is made from a record, where there is one."""
        for report in self.our_records("ir.actions.report"):
            record = self.env[report.model].search([], limit=1)
            if record:
                with self.subTest(report=report.report_name):
                    report._render_qweb_html(report.report_name, record.ids)

    def test_outsiders_see_no_menu_of_ours(self):
        """Neither a customer in the portal nor an employee without a role of ours."""
        for group in ("base.group_portal", "base.group_user"):
            user = new_test_user(self.env, f"outsider {group}", groups=group)
            with self.subTest(group=group):
                self.assertFalse(self._visible_menus(user).mapped("complete_name"))

    def _visible_menus(self, user):
        """Menus of ours that a user sees."""
        menus = self.env["ir.ui.menu"].with_user(user)
        # Portal users may not read menus at all.
        visible = menus._visible_menu_ids() if menus.has_access("read") else ()
        return self.our_records("ir.ui.menu").filtered(lambda menu: menu.id in visible)

    def _may_open(self, action, user):
        """Tell whether the action is meant for the user."""
        if action.group_ids and not action.group_ids & user.all_group_ids:
            return False
        return self.env[action.res_model].with_user(user).has_access("read")

    def _open(self, action, user):
        """Open an action as the web client does: its views, then the data of each."""
        names = {**action._get_eval_context(action), "uid": user.id, "active_id": False}
        names.update(active_ids=[], active_model=False, allowed_company_ids=user.company_ids.ids)
        context = safe_eval(action.context or "{}", dict(names))
        domain = safe_eval(action.domain or "[]", {**names, "context": context})
        model = self.env[action.res_model].with_user(user).with_context(**context)
        self.assertTrue(model.has_access("read"), f"{user.login} may not read {model._name}")
        views = [(view_id, "list" if kind == "tree" else kind) for view_id, kind in action.views]
        loaded = model.get_views([*views, (action.search_view_id.id, "search")])
        for kind, view in loaded["views"].items():
            self._load(model, domain, kind, etree.fromstring(view["arch"]))

    def _load(self, model, domain, kind, arch):
        """Load what a view shows."""
        specification = self._specification(model, arch)
        if kind == "form":
            self._load_form(model, arch, specification)
        elif kind in GROUPED:
            model.formatted_read_group(domain, self._groupby(model, arch), ["__count"])
        elif kind != "search":
            model.web_search_read(domain, specification, limit=RECORDS_PER_VIEW)

    def _load_form(self, model, arch, specification):
        """Open a new record and an existing one."""
        if arch.get("create") not in ("0", "false") and model.has_access("create"):
            model.onchange({}, [], specification)
        try:
            record = model.search([], limit=1)
        except AccessError:
            self.fail(f"{model.env.user.login} may not search {model._name}")
        record.web_read(specification)

    @staticmethod
    def _groupby(model, arch):
        """What a graph or pivot groups by; dates by month unless the view says otherwise."""
        groupby = []
        for node in arch.iter("field"):
            name = node.get("name")
            if node.get("type") in ("row", "col") or (arch.tag == "graph" and not node.get("type")):
                dated = model._fields[name].type in ("date", "datetime")
                groupby.append(f"{name}:{node.get('interval') or 'month'}" if dated else name)
        return groupby

    @staticmethod
    def _specification(model, arch):
        """Fields of the view itself, as the client asks for them; those of lists inside it
        are not.
        """
        specification = {}
        for node in arch.iter("field"):
            name = node.get("name")
            nested = any(parent.tag == "field" for parent in node.iterancestors())
            if name in model._fields and not nested:
                many2one = model._fields[name].type == "many2one"
                specification[name] = {"fields": {"display_name": {}}} if many2one else {}
        return specification
