"""Odoo's own lint tests (its addon test_lint), held to the addons of ours that the round is about."""

import re
from unittest.mock import patch

from suite import ADDONS, names_under_test

from odoo import models, tools
from odoo.modules import Manifest

from odoo.addons.test_lint.tests import (
    test_dunderinit,
    test_i18n,
    test_index,
    test_jstranslate,
    test_manifests,
    test_markers,
    test_naming,
    test_onchange_domains,
    test_orm_import,
    test_override_signatures,
    test_pofile,
    test_pylint,
    test_routes,
    test_test_holes,
)


class OursOnly:
    """Shows Odoo's tests only our addons."""

    def setUp(self):
        """Narrow the lists of addons that Odoo's tests walk through."""
        super().setUp()
        ours = [Manifest.for_addon(name) for name in names_under_test()]
        self._patch(patch.object(Manifest, "all_addon_manifests", lambda: list(ours)))
        self._patch(patch.object(test_pofile, "get_modules", names_under_test))

    def _patch(self, patcher):
        """Patch until the end of the test."""
        patcher.start()
        self.addCleanup(patcher.stop)


class TestDunderinit(OursOnly, test_dunderinit.TestDunderinit):
    """Every Python folder is a package."""


class TestI18n(OursOnly, test_i18n.TestI18n):
    """Texts in templates can be translated."""


class TestIndex(OursOnly, test_index.TestIndex):
    """The inverse of each One2many has an index: its own, or a unique one that begins with it."""

    def setUp(self):
        """Know the unique indexes, too."""
        super().setUp()
        covered = {
            f"{name}.{field}"
            for name, model in self.env.registry.items()
            for index in model._table_objects.values()
            if isinstance(index, models.UniqueIndex)
            for field in re.findall(r"^UNIQUE INDEX \((\w+)[^)]*\)$", index.get_definition(self.env.registry))
        }
        self._patch(
            patch.object(
                test_index, "BTREE_INDEX_IGNORE_FIELDS", test_index.BTREE_INDEX_IGNORE_FIELDS | covered
            )
        )


class TestJsTranslations(OursOnly, test_jstranslate.TestJsTranslations):
    """JavaScript translates with plain texts."""


class TestManifests(OursOnly, test_manifests.ManifestLinter):
    """Manifests hold known keys and nothing superfluous."""

    def setUp(self):
        """Know ``excludes`` as well, which Odoo reads though its list of keys does not have it."""
        super().setUp()
        self._patch(
            patch.object(test_manifests, "MANIFEST_KEYS", {*test_manifests.MANIFEST_KEYS, "excludes"})
        )


class TestConflictMarkers(OursOnly, test_markers.TestConflictMarkers):
    """No rest of a merge."""


class TestNaming(OursOnly, test_naming.TestNaming):
    """Names of arguments do not collide with those of the remote interface."""


class TestOnchangeDomains(OursOnly, test_onchange_domains.TestOnchangeDomains):
    """No onchange returns a domain."""


class TestOrmImport(OursOnly, test_orm_import.TestDunderinit):
    """Nobody imports the inside of the ORM."""


class TestOverrideSignatures(OursOnly, test_override_signatures.TestLintOverrideSignatures):
    """Overrides keep the signature."""


class TestPofiles(OursOnly, test_pofile.PotLinter):
    """Translation files hold each term once."""


class TestRoutes(OursOnly, test_routes.RoutesLinter):
    """Routes are declared well."""


class TestTestHoles(OursOnly, test_test_holes.TestTestHoles):
    """Every test file is imported."""


class TestPylint(OursOnly, test_pylint.TestPyLint):
    """Odoo's own checkers for pylint: injected SQL, texts, overrides of unlink."""

    def setUp(self):
        """Point the check at our addons instead of Odoo's own tree."""
        super().setUp()
        root = str(ADDONS / names_under_test()[0])
        self._patch(patch.dict(vars(tools.config), root_path=root))
