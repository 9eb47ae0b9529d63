"""Bridges: which databases they come into, and which rounds test them."""

import json
from collections import defaultdict
from types import SimpleNamespace

import pytest

from harness import testing
from harness.addons import bridges, erp_dependencies, load_addons, needed_by, select
from harness.databases import INSTALLED_SQL, Databases, content_hashes
from harness.testing import Rounds
from harness.workspace import Settings, Workspace

MANIFESTS = {
    "core": {"depends": ["sale", "stock"]},
    "desk": {"depends": ["core", "rating"]},
    # Both joined are ours: Odoo installs it wherever the two are.
    "core_desk": {"depends": ["core", "desk"], "auto_install": True},
    "core_shop": {"depends": ["core", "website_sale"], "auto_install": True},
    "core_fees": {"depends": ["core", "delivery"], "auto_install": ["delivery"]},
}


@pytest.fixture
def addons(tmp_path):
    """Two addons and three bridges."""
    for name, manifest in MANIFESTS.items():
        path = tmp_path / "addons" / name
        path.mkdir(parents=True)
        (path / "__manifest__.py").write_text(repr({"name": name, **manifest}))
    return load_addons(tmp_path / "addons")


def names(selection):
    """Names in order."""
    return [addon.name for addon in selection]


class FakeOdoo:
    """What Databases needs of Odoo: it notes which addons are installed where."""

    def __init__(self, root):
        self.workspace = Workspace(root)
        self.tree = SimpleNamespace(identity="tree")
        self.server = self
        self.installed = defaultdict(lambda: {"sale"})
        self.calls = []

    def query(self, sql, database=""):
        """Answer which addons are installed; all else is fine."""
        return [[name] for name in self.installed[database]] if sql == INSTALLED_SQL else []

    def run(self, _title, _database, *arguments):
        """Note the call."""
        self.calls.append(arguments)

    def run_script(self, *arguments):
        """Do nothing."""

    def seeing_only(self, addons):
        """Name the addons."""
        return f"--addons-path={'+'.join(addon.name for addon in addons)}"

    def run_code(self, _title, _database, _code, *arguments):
        """Note the call."""
        self.calls.append(arguments)


@pytest.fixture
def databases(tmp_path):
    """Databases that are made by noting their name, in the order of making."""
    made = Databases(FakeOdoo(tmp_path))
    made.made, made.copied = [], []
    made.make = lambda name, note, fill: (made.made.append(name), fill(name))
    made.copy = lambda source, _target: made.copied.append(source)
    return made


def test_bridges_are_left_to_odoo(addons):
    """None that would bring an app along; one whose addons are all there is installed anyway."""
    assert names(bridges(addons)) == ["core_desk", "core_fees", "core_shop"]
    selection = select(addons, ())
    assert names(selection) == ["core", "desk", "core_desk"]
    assert erp_dependencies(selection) == ["rating", "sale", "stock"]


def test_named_bridge_brings_its_app(addons):
    """ADDONS=core_fees is about that bridge and what it joins, and no other."""
    selection = select(addons, ("core_fees",))
    assert names(selection) == ["core", "core_fees"]
    assert erp_dependencies(selection) == ["delivery", "sale", "stock"]


def test_bridge_to_what_is_named_comes_along(addons):
    """Odoo installs it with the second of the two."""
    assert names(select(addons, ("desk",))) == ["core", "desk", "core_desk"]


def test_template_of_bridges_is_built_on_that_of_the_others(addons, databases):
    """What takes longest is made once."""
    databases.erp_template(select(addons, ("core_fees", "core_shop")), demo=False)
    plain, full = databases.made
    assert plain != full
    assert databases.copied == [plain]
    first, second = databases.odoo.calls
    assert first == ("-i", "base,sale,stock")
    assert second == ("-i", "delivery,website_sale")


def test_template_without_bridges_stands_alone(addons, databases):
    """A bridge between ours needs no app, so there is nothing to put on top."""
    databases.erp_template(select(addons, ()), demo=True)
    assert len(databases.made) == 1
    assert databases.odoo.calls == [("-i", "base,rating,sale,stock", "--with-demo")]


def test_template_is_made_anew_when_a_bridge_that_came_along_changes(addons, databases):
    """An app that one of the dependencies needs brings its bridge; nobody named either."""
    selection = select(addons, ("core",))
    databases.odoo.installed = defaultdict(lambda: {"sale", "stock", "delivery"})
    before = databases.suite_template(selection, demo=False)
    (addons["core_shop"].path / "new.py").write_text("SHOP = 1")
    assert databases.suite_template(selection, demo=False) == before, "its app is not there"
    (addons["core_fees"].path / "new.py").write_text("FEES = 1")
    assert databases.suite_template(selection, demo=False) != before
    (addons["core_fees"].path / "static").mkdir()
    with_bundles = databases.suite_template(selection, demo=False, bundles=True)
    (addons["core_fees"].path / "static" / "fees.js").write_text("")
    assert databases.suite_template(selection, demo=False, bundles=True) != with_bundles


def test_addon_is_tried_alone_on_what_it_needs(addons, databases):
    """Bridges to the same addon share a database that has it and no other one of ours."""
    needed = [names(needed_by(addons, addon)) for addon in addons.values()]
    assert dict(zip(addons, needed, strict=True)) == {
        "core": [],
        "core_desk": ["core", "desk"],
        "core_fees": ["core"],
        "core_shop": ["core"],
        "desk": ["core"],
    }
    fees, shop, desk = (
        databases.ground_template(addons[name]) for name in ("core_fees", "core_shop", "desk")
    )
    assert fees == shop == desk
    assert databases.ground_template(addons["core"]) != fees
    assert databases.odoo.calls[-1] == ("--addons-path=",)
    before = databases.ground_template(addons["core_desk"])
    assert databases.odoo.calls[-1] == ("--addons-path=core+desk",)
    (addons["desk"].path / "new.py").write_text("DESK = 1")
    assert databases.ground_template(addons["core_desk"]) != before
    assert databases.ground_template(addons["core_fees"]) == fees


def test_new_served_database_knows_what_came_along(addons, databases):
    """The next start updates no bridge that has not changed."""
    noted = []
    databases.odoo.installed = defaultdict(lambda: {"sale", "stock", "delivery"})
    databases.make = lambda name, note, fill: noted.append(note)
    databases.ensure_run_database("crm", select(addons, ("core",)), True, bridges(addons))
    assert sorted(noted[-1]["content"]) == ["core", "core_fees"]


def updates(databases, addons, selection):
    """What ensure_run_database asks of Odoo for a database that is there, and the note it leaves."""
    notes = {}
    content = {**content_hashes(selection), "core_shop": "of old"}
    databases.notes = lambda: {"crm": {"checkout": databases._id, "content": content}}
    databases.write_note = notes.__setitem__
    databases.ensure_run_database("crm", selection, True, bridges(addons))
    return databases.odoo.calls, json.loads(json.dumps(notes["crm"]))["content"]


def test_served_database_keeps_bridges_up_to_date(addons, databases):
    """Where somebody installed the app: a new bridge is installed, a changed one updated."""
    databases.odoo.installed["crm"] = {"sale", "stock", "core", "delivery", "website_sale", "core_shop"}
    calls, content = updates(databases, addons, select(addons, ("core",)))
    assert calls == [("-i", "core_fees", "-u", "core_shop")]
    assert content["core_shop"] == addons["core_shop"].content_hash()


def test_served_database_gets_no_app_for_the_sake_of_a_bridge(addons, databases):
    """Without the apps, the bridges are no matter."""
    databases.odoo.installed["crm"] = {"sale", "stock", "core"}
    calls, _content = updates(databases, addons, select(addons, ("core",)))
    assert not calls


class RecordedRounds(Rounds):
    """Rounds that are noted instead of run."""

    def __init__(self, addons, chosen):
        self.settings = Settings(addons=chosen)
        self.everything = addons
        self.selection = select(addons, chosen)
        self.workspace = Workspace(addons["core"].path.parents[1])
        self.rounds = []

    def _checkout_round(self, addons, *folders):
        self.rounds.append(("checkout", names(addons), *folders))

    def _prepare_demo_templates(self):
        pass

    def _suite_template(self, selection, tested, demo):
        pass

    def _copy_for_round(self, name, selection, tested, demo=False):
        pass

    def _addons_round(self, name, title, selection, tested, **how):
        self.rounds.append((name, names(selection), names(tested), how.get("depth")))

    def _install_round(self):
        self.rounds.append(("install",))


def test_full_run_tests_bridges_in_a_round_of_their_own(addons):
    """The main rounds stay free of the apps; nothing is tested twice or left out."""
    rounds = RecordedRounds(addons, ())
    rounds._run_all()
    main = ["core", "desk", "core_desk"]
    assert rounds.rounds == [
        ("checkout", list(addons), "tests/static", "tests/harness", "tests/models"),
        ("test", main, main, testing.EVERYTHING),
        ("test_demo", main, main, testing.QUICK),
        (
            "test_bridges",
            ["core", "core_fees", "core_shop"],
            ["core_fees", "core_shop"],
            testing.EVERYTHING,
        ),
        ("install",),
    ]


def test_focused_run_tests_the_bridge_named(addons, monkeypatch):
    """ADDONS=core_fees runs the tests of the bridge and not those of the core."""
    monkeypatch.setattr(testing, "say", lambda _text: None)
    rounds = RecordedRounds(addons, ("core_fees",))
    rounds._run_focused()
    selection = ["core", "core_fees"]
    assert rounds.rounds == [
        ("checkout", selection, "tests/static"),
        ("test", selection, ["core_fees"], testing.QUICK),
    ]
