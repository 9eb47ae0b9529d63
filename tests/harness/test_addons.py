"""Which addons a command is about, and when they count as changed."""

import pytest

from harness.addons import erp_dependencies, load_addons, select
from harness.console import UserError


@pytest.fixture
def folder(tmp_path):
    """Three addons: b needs a, c needs b."""
    for name, depends in (("a", ["sale"]), ("b", ["a", "stock"]), ("c", ["b"])):
        path = tmp_path / name
        (path / "models").mkdir(parents=True)
        (path / "tests").mkdir()
        (path / "__manifest__.py").write_text(repr({"name": name, "depends": depends}))
        (path / "models" / "x.py").write_text("x = 1\n")
    return tmp_path


def names(selection):
    """Names in order."""
    return [addon.name for addon in selection]


def test_selection_brings_what_it_needs_first(folder):
    """ADDONS=b installs a as well, before b."""
    assert names(select(load_addons(folder), ("b",))) == ["a", "b"]
    assert names(select(load_addons(folder), ())) == ["a", "b", "c"]


def test_unknown_addon_is_named(folder):
    """A typing mistake is told with the names that exist."""
    with pytest.raises(UserError, match=r"no addon 'x'.*a, b, c"):
        select(load_addons(folder), ("x",))


def test_erp_dependencies_are_the_foreign_ones(folder):
    """Ours are not part of the ERP template."""
    assert erp_dependencies(select(load_addons(folder), ("c",))) == ["sale", "stock"]


def test_broken_manifest_is_one_sentence(folder):
    """The file is named."""
    (folder / "a" / "__manifest__.py").write_text("{")
    with pytest.raises(UserError, match="cannot be read"):
        load_addons(folder)


def test_content_hash_follows_what_a_database_holds(folder):
    """Models count, tests and web files do not."""
    addon = load_addons(folder)["a"]
    before = addon.content_hash()
    (addon.path / "tests" / "test_x.py").write_text("pass\n")
    (addon.path / "static").mkdir()
    (addon.path / "static" / "x.js").write_text("1;\n")
    assert addon.content_hash() == before
    (addon.path / "models" / "x.py").write_text("x = 2\n")
    assert addon.content_hash() != before
