"""Checks of the addons' files that need no database."""

import re

import pytest
from lxml import etree
from suite import ADDONS, ROOT, addon_names, files, manifest

DATA_FOLDERS = ("security", "data", "views", "wizards", "report", "reports")

pytestmark = pytest.mark.parametrize("addon", addon_names())


def xml_trees(addon):
    """Yield (relative path, parsed tree) of every XML file."""
    for path in files(addon, "**/*.xml"):
        yield path.relative_to(ROOT), etree.parse(str(path))


def test_every_data_file_is_in_the_manifest(addon):
    """A file nobody loads is a mistake nobody sees."""
    listed = set(manifest(addon).get("data", [])) | set(manifest(addon).get("demo", []))
    found = {
        str(path.relative_to(ADDONS / addon))
        for folder in DATA_FOLDERS
        for path in files(addon, f"{folder}/**/*")
        if path.suffix in (".xml", ".csv")
    }
    assert not found - listed, "These files are in no list of the manifest"


def test_every_file_of_the_manifest_exists(addon):
    """Each list of the manifest names real files."""
    listed = [*manifest(addon).get("data", []), *manifest(addon).get("demo", [])]
    assert not [name for name in listed if not (ADDONS / addon / name).is_file()]


def test_manifest_is_ours(addon):
    """Version, license and the ways to be installed are as agreed."""
    content = manifest(addon)
    assert content["license"] == "LGPL-3"
    assert re.fullmatch(r"19\.0\.\d+\.\d+\.\d+", content["version"])
    assert content["summary"]


def test_page_in_the_list_of_apps(addon):
    """Without one the list shows the README, which is Markdown, as if it were reStructuredText."""
    page = ADDONS / addon / "static" / "description" / "index.html"
    pictures = re.findall(r'src="([^"]+)"', page.read_text())
    assert not [name for name in pictures if not (page.parent / name).is_file()]


def test_no_tree_view(addon):
    """Odoo 19 knows lists, not trees."""
    found = [f"{path}:{node.sourceline}" for path, tree in xml_trees(addon) for node in tree.iter("tree")]
    found += [
        f"{path}:{node.sourceline}"
        for path, tree in xml_trees(addon)
        for node in tree.iter("field")
        if node.get("name") == "view_mode" and "tree" in (node.text or "").split(",")
    ]
    assert not found


def test_no_kanban_box(addon):
    """A kanban card's template is called card."""
    found = [
        f"{path}:{node.sourceline}"
        for path, tree in xml_trees(addon)
        for node in tree.iter("*")
        if node.get("t-name") == "kanban-box"
    ]
    assert not found


def test_no_chatter_by_class(addon):
    """The chatter is an element of its own; the class of old draws nothing."""
    found = [
        f"{path}:{node.sourceline}"
        for path, tree in xml_trees(addon)
        for node in tree.iter("*")
        if "oe_chatter" in (node.get("class") or "").split()
    ]
    assert not found


def test_no_sql_constraints_of_old(addon):
    """Odoo 19 ignores ``_sql_constraints``: no constraint would be made."""
    found = [
        str(path.relative_to(ROOT))
        for path in files(addon, "**/*.py")
        if re.search(r"^\s+_sql_constraints\s*=", path.read_text(encoding="utf-8"), re.MULTILINE)
    ]
    assert not found


def test_client_actions_exist_in_javascript(addon):
    """Each client action of our data has a component registered under its tag."""
    scripts = "".join(path.read_text(encoding="utf-8") for path in ADDONS.glob("*/static/src/**/*.js"))
    missing = [
        f"{path}: {tag.text}"
        for path, tree in xml_trees(addon)
        for record in tree.iter("record")
        if record.get("model") == "ir.actions.client"
        for tag in record.iterfind("field[@name='tag']")
        if not re.search(rf"""\.add\(\s*["']{re.escape(tag.text)}["']""", scripts)
    ]
    assert not missing
