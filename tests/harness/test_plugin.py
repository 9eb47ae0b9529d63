"""The pytest plugin: skips fail, browser tests can be left out, logged errors fail."""

import pytest

pytest_plugins = ["pytester"]
OPTIONS = ("-p", "suite_plugin", "-p", "no:odoo", "-p", "no:cacheprovider")

BROWSER_TESTS = """
import unittest

class HttpCase(unittest.TestCase):
    def start_tour(self):
        pass

    def browser_js(self):
        pass

class TestScreens(HttpCase):
    def test_tour(self):
        self.start_tour()

    def test_tour_by_helper(self):
        self.play()

    def play(self):
        for _number in range(1):
            (lambda: self.browser_js())()

    def test_page(self):
        pass

class TestTagged(unittest.TestCase):
    test_tags = {"browser"}

    def test_tagged(self):
        pass
"""


def test_browser_tests_are_recognized(pytester):
    """By the calls they lead to, or by the tag; a test that only fetches a page stays."""
    pytester.makepyfile(BROWSER_TESTS)
    pytester.runpytest_subprocess(*OPTIONS, "--no-browser").assert_outcomes(passed=1, deselected=3)
    pytester.runpytest_subprocess(*OPTIONS).assert_outcomes(passed=4)


def test_thorough_tests_can_be_left_out(pytester):
    """By the tag of their class or their own; without the option they run."""
    pytester.makepyfile(
        """
        import unittest

        class TestMatrix(unittest.TestCase):
            test_tags = {"thorough"}

            def test_every_combination(self):
                pass

        class TestOther(unittest.TestCase):
            def test_race(self):
                pass

            test_race.test_tags = {"thorough"}

            def test_case(self):
                pass
        """
    )
    pytester.runpytest_subprocess(*OPTIONS, "--quick").assert_outcomes(passed=1, deselected=2)
    pytester.runpytest_subprocess(*OPTIONS).assert_outcomes(passed=3)


def test_browser_tests_of_one_folder(pytester):
    """Those elsewhere are left out, tests without a browser never."""
    for folder in ("screens", "tours"):
        pytester.mkdir(folder).joinpath(f"test_{folder}.py").write_text(BROWSER_TESTS)
    pytester.runpytest_subprocess(*OPTIONS, "--browser-only=screens").assert_outcomes(passed=5, deselected=3)


SKIPPED_BY_MARK = """
import pytest

@pytest.mark.skip
def test_a():
    pass
"""
SKIPPED_BY_CALL = """
import pytest

def test_a():
    pytest.skip("no browser")
"""
SKIPPED_BY_UNITTEST = """
import unittest

class TestA(unittest.TestCase):
    def test_a(self):
        raise unittest.SkipTest("no browser")
"""


@pytest.mark.parametrize("code", [SKIPPED_BY_MARK, SKIPPED_BY_CALL, SKIPPED_BY_UNITTEST])
def test_skip_is_a_failure(pytester, code):
    """However it is said."""
    pytester.makepyfile(code)
    result = pytester.runpytest_subprocess(*OPTIONS)
    assert result.ret == pytest.ExitCode.TESTS_FAILED


def test_skipped_file_is_an_error(pytester):
    """A file that skips itself as a whole."""
    pytester.makepyfile("import pytest\npytest.skip('not here', allow_module_level=True)")
    assert pytester.runpytest_subprocess(*OPTIONS).ret != 0


def test_logged_error_fails_the_test(pytester):
    """Unless the test asserts it."""
    pytester.makepyfile(
        """
        import logging, unittest
        logger = logging.getLogger("odoo.thing")

        class TestLog(unittest.TestCase):
            def test_logs(self):
                logger.error("broken")

            def test_asserts(self):
                with self.assertLogs(logger):
                    logger.error("broken")
        """
    )
    result = pytester.runpytest_subprocess(*OPTIONS)
    result.assert_outcomes(passed=2, errors=1)


def test_part_that_fails_fails_its_test(pytester):
    """Each part that fails is reported, those that pass are not."""
    pytester.makepyfile(
        """
        import unittest

        class TestParts(unittest.TestCase):
            def test_parts(self):
                for number in range(5):
                    with self.subTest(number=number):
                        self.assertNotIn(number, (1, 3))
        """
    )
    result = pytester.runpytest_subprocess(*OPTIONS, "-v")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["*number=1*", "*number=3*"])
    assert "number=0" not in result.stdout.str()
    assert "SUBPASSED" not in result.stdout.str()
