from odoo.tests import BaseCase, tagged

from ..lib.formula import Formula, FormulaError

NAMES = {"days", "interval", "turnover"}


@tagged("post_install", "-at_install")
class TestFormula(BaseCase):
    """Scores: arithmetic over named facts, and no way to anything else."""

    def value(self, text, **facts):
        return Formula(text, NAMES).evaluate(facts)

    def test_arithmetic_and_conditions(self):
        for text, facts, expected in (
            ("20 * min(days / interval, 3)", {"days": 52, "interval": 26}, 40.0),
            ("days if days > 30 and not turnover < 5 else -1", {"days": 31, "turnover": 5}, 31.0),
            ("1 < days <= 3", {"days": 3}, 1.0),
            ("max(abs(-2), round(2.6)) + sqrt(16) + log(0)", {}, 7.0),
            ("days or 7", {"days": 0}, 1.0),
        ):
            with self.subTest(text):
                self.assertEqual(self.value(text, **facts), expected)

    def test_what_is_missing_or_divided_by_nothing_counts_as_zero(self):
        self.assertEqual(self.value("days / interval + turnover", turnover=None), 0.0)

    def test_huge_and_endless_values_are_zero(self):
        self.assertEqual(self.value("1e308 * 10"), 0.0)
        self.assertEqual(self.value("sqrt(-4) + log(-3)"), 0.0)

    def test_used_names_are_known(self):
        self.assertEqual(Formula("days * 2 + interval", NAMES).used, {"days", "interval"})

    def test_nothing_else_is_allowed(self):
        for text in (
            "",
            "days +",
            "wage",
            "days.real",
            "days ** 9",
            "__import__('os')",
            "[days]",
            "'text'",
            "lambda: 1",
            "(days := 3)",
            "min(days)",
            "round(days, 2)",
            "max(days, interval, key=abs)",
            "days % 2",
            "1 if days",
            "+".join(["days"] * 200),
            "-" * 100 + "1",
            "exec",
        ):
            with self.subTest(text), self.assertRaises(FormulaError):
                Formula(text, NAMES)
