"""`make test`: every test of the suite in rounds, and one line that sums them up.

The rounds of a full run:

1. the harness itself and the static checks of the addons, without a database;
2. the addons' tests and the database checks on a database without demo data, browser tests
   included;
3. the addons' Python tests once more on a database with demo data, but for those tagged
   `thorough`, and there each screen in a browser;
4. the bridges to apps that the rounds before do without, on a database that has them all;
5. each addon alone: installed on the ERP and uninstalled again.

With ADDONS= only these addons are looked at, by the static checks and round 2 without Odoo's lint
tests and without the tests tagged `thorough` (THOROUGH=1 takes them in, and so does K=): the quick
loop of a developer's day.
"""

import json
import os
import shutil
import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass

from .addons import bridges, load_addons, select
from .console import UserError, progress, say, step
from .debian import install_system_packages
from .files import locked
from .prepare import prepare_databases, preparing
from .processes import alongside, run_visibly
from .tools import ensure_docker_compose

BROWSERS = ("google-chrome", "chromium", "chromium-browser", "google-chrome-stable")
MAIL_SERVERS = ("dovecot", "/usr/sbin/dovecot", "/usr/local/sbin/dovecot")
NOTHING_COLLECTED = 5
SCREENS = "tests/screens"
QUICK, USUAL, EVERYTHING = "quick", "usual", "everything"


@dataclass
class Total:
    """Sum of the rounds."""

    passed: int = 0
    failed: int = 0
    broken: int = 0

    def add(self, passed, failed, broken=0):
        """Add the counts of one round."""
        self.passed += passed
        self.failed += failed
        self.broken += broken


def run_tests(workspace):
    """Prepare, run the rounds, print the sum; return the exit code."""
    with locked(workspace.data / "test.lock", "make test"):
        with preparing(workspace, "make test"):
            databases, selection = prepare_databases(workspace, development=True)
            if workspace.settings.browser:
                ensure_browser()
            if any((addon.path / "tests" / "mail_servers.py").exists() for addon in selection):
                ensure_mail_server()
            ensure_docker_compose(workspace)
        rounds = Rounds(workspace, databases, selection)
        return rounds.run()


def ensure_browser():
    """Have a browser for the tours."""
    if not any(shutil.which(name) for name in BROWSERS):
        install_system_packages(["chromium"], "the browser tests (BROWSER=0 leaves them out)")


def ensure_mail_server():
    """Have a server of real mailboxes for the tests of mail; they start their own, on loopback."""
    if not any(shutil.which(name) for name in MAIL_SERVERS):
        install_system_packages(["dovecot-imapd"], "the tests of mail")


class Rounds:
    """The rounds of one run."""

    def __init__(self, workspace, databases, selection):
        self.workspace = workspace
        self.settings = workspace.settings
        self.databases = databases
        self.selection = selection
        self.everything = load_addons(workspace.addons_dir)
        self.total = Total()

    def run(self):
        """Run all rounds that belong to this run."""
        if self.settings.addons:
            self._run_focused()
        else:
            self._run_all()
        return self._conclude()

    def _run_focused(self):
        """Run the quick rounds for the addons that were named, not for those they need."""
        named = [addon for addon in self.selection if addon.name in self.settings.addons]
        with alongside(self._copy_for_round, "test", self.selection, named):
            self._checkout_round(self.selection, "tests/static")
        quick = not (self.settings.thorough or self.settings.keyword)
        self._addons_round(
            "test",
            "the addons without demo data",
            self.selection,
            named,
            copied=True,
            depth=QUICK if quick else USUAL,
        )
        say(
            "ADDONS is given: left out are the harness's own tests, Odoo's lint tests, "
            "the round with demo data and the install matrix"
            + (", and tests tagged thorough (THOROUGH=1 runs them)." if quick else ".")
        )

    def _run_all(self):
        """Run every round."""
        ours = self.selection
        apart = [addon for addon in bridges(self.everything) if addon not in ours]
        needed = select(self.everything, [addon.name for addon in apart]) if apart else []
        self._prepare_beside_checkout_round(needed, apart)
        self._addons_round("test", "the addons without demo data", ours, ours, depth=EVERYTHING)
        self._addons_round("test_demo", "the addons with demo data", ours, ours, demo=True, depth=QUICK)
        if apart:
            self._addons_round("test_bridges", "the bridges to other apps", needed, apart, depth=EVERYTHING)
        self._install_round()

    def _prepare_beside_checkout_round(self, needed, apart):
        """Make the templates of all rounds. What keeps one core busy goes side by side: those with demo
        data in one row; the tests of the checkout, and the templates without, in the other.
        """
        with preparing(self.workspace, "make test"), alongside(self._prepare_demo_templates):
            self._checkout_round(self.everything.values(), "tests/static", "tests/harness", "tests/models")
            self._suite_template(self.selection, self.selection, demo=False)
            if apart:
                self._suite_template(needed, apart, demo=False)

    def _prepare_demo_templates(self):
        self._suite_template(self.selection, self.selection, demo=True)
        self._grounds()

    def _suite_template(self, selection, tested, demo):
        """Return the template of a round; with web bundles when the round opens a browser."""
        tours = any((addon.path / "static" / "tests").is_dir() for addon in tested)
        return self.databases.suite_template(selection, demo, self.settings.browser and (tours or demo))

    def _grounds(self):
        """Return {addon: the database to try it on alone}."""
        return {name: self.databases.ground_template(addon) for name, addon in self.everything.items()}

    def _conclude(self):
        """Print the closing line; nothing run, a failure or a broken round make the run fail."""
        total = self.total
        say()
        say(f"{total.passed} passed, {total.failed + total.broken} failed")
        if not (total.passed or total.failed or total.broken):
            progress("No test was run: check ADDONS= and K=.")
            return 1
        return 1 if total.failed or total.broken else 0

    def _checkout_round(self, addons, *folders):
        """Tests that need no database."""
        self._pytest("checkout", "the checkout", ["-p", "no:odoo", *folders], self._environment(addons))

    def _copy_for_round(self, name, selection, tested, demo=False):
        """Make the database of a round: a copy of the template."""
        with preparing(self.workspace, "make test"):
            template = self._suite_template(selection, tested, demo)
            self.databases.copy(template, self.databases.internal(name))

    def _addons_round(self, name, title, selection, tested, *, demo=False, copied=False, depth=USUAL):
        """Tests inside Odoo on a copy of the database with the selection.

        ``tested``: those whose own tests are run; ``copied``: whether the copy is there; ``depth``:
        EVERYTHING with Odoo's lint tests, for which once per addon is enough, QUICK without the tests
        tagged `thorough`.
        """
        with_browser = self.settings.browser
        database = self.databases.internal(name)
        if not copied:
            self._copy_for_round(name, selection, tested, demo)
        folders = [addon.path / "tests" for addon in tested]
        paths = [path.relative_to(self.workspace.root) for path in folders if path.is_dir()]
        own = [*(["tests/odoo"] if depth == EVERYTHING else []), "tests/database"]
        browser = [] if with_browser else ["--no-browser"]
        less = ["--quick"] if depth == QUICK else []
        if with_browser and demo:
            # A tour is the same with or without demo data, the screens are not.
            own.insert(0, SCREENS)
            browser = [f"--browser-only={SCREENS}"]
        options = [*self._odoo_options(database), *browser, *less, *self._parallel("loadscope")]
        self._pytest(database, title, [*options, *own, *paths], self._environment(selection, tested))
        self.databases.drop(database)

    def _odoo_options(self, database):
        """Options of pytest that lead it into Odoo."""
        options = dict(self.databases.odoo.options)
        folder = options.pop("data-dir")
        return [
            "-p",
            "suite_plugin",
            "-p",
            "suite_caches",
            "-p",
            "suite_files",
            "-p",
            "suite_spares",
            f"--odoo-database={database}",
            "--odoo-http",
            *(f"--odoo-{key}={value}" for key, value in options.items()),
            f"--odoo-extra=data-dir={folder}",
            "--odoo-extra=http-interface=127.0.0.1",
        ]

    def _install_round(self):
        """Each addon alone on the ERP with demo data: in and out again."""
        with preparing(self.workspace, "make test"):
            grounds = self._grounds()
        environment = self._environment(self.everything.values())
        self._pytest(
            "install",
            "each addon alone",
            ["-p", "no:odoo", "tests/install", *self._parallel("load")],
            {**environment, "HARNESS_GROUNDS": json.dumps(grounds)},
        )

    def _parallel(self, distribution):
        """Options for several workers, each with its own copy of the database.

        Two where there are two processors; one for the few tests of a name filter, where starting
        the second takes longer than it saves. What takes longest stands first in the arguments and
        begins first, so that in the end neither waits long for the other.
        """
        default = 1 if self.settings.keyword else min(2, os.cpu_count() or 1)
        workers = self.settings.workers or default
        if workers == 1:
            return []
        return ["-n", str(workers), "--dist", distribution, "--no-loadscope-reorder"]

    def _environment(self, addons, tested=()):
        """Environment of pytest: Odoo's, our modules, and what the tests want to know."""
        odoo = self.databases.odoo
        root = self.workspace.root
        path = [root / "tests" / "plugins", root / "config", odoo.tree.python_path]
        return {
            **odoo.env,
            "PYTHONPATH": ":".join(map(str, path)),
            "HARNESS_ADDONS": ",".join(addon.name for addon in addons),
            "HARNESS_TESTED": ",".join(addon.name for addon in tested),
        }

    def _pytest(self, name, title, arguments, environment):
        """Run pytest once and add its counts to the sum."""
        report = self.workspace.data / "reports" / f"{name}.xml"
        report.parent.mkdir(parents=True, exist_ok=True)
        report.unlink(missing_ok=True)
        command = [
            self.workspace.python,
            "-m",
            "pytest",
            "-q",
            "-p",
            "no:cacheprovider",
            f"--junitxml={report}",
        ]
        if self.settings.keyword:
            command += ["-k", self.settings.keyword]
        with step(f"Tests of {title}"):
            code = run_visibly([*command, *arguments], env=environment, cwd=self.workspace.root)
        passed, failed = read_report(report)
        # A round that ended badly without a failed test (a crash, a broken import) is a failure as
        # well.
        broken = 1 if code not in (0, NOTHING_COLLECTED) and not failed else 0
        self.total.add(passed, failed, broken)


def read_report(path):
    """Return (passed, failed) of a JUnit report; skipped tests count as failed."""
    if not path.exists():
        return 0, 0
    try:
        cases = ElementTree.parse(path).getroot().iter("testcase")
    except ElementTree.ParseError as error:
        raise UserError(f"The test report {path} is broken: {error}") from error
    # Subtests stand in the report as cases of their own with the name of their test.
    verdicts = {}
    for case in cases:
        test = (case.get("classname"), case.get("name"))
        bad = any(case.find(kind) is not None for kind in ("failure", "error", "skipped"))
        verdicts[test] = verdicts.get(test, False) or bad
    failed = sum(verdicts.values())
    return len(verdicts) - failed, failed
