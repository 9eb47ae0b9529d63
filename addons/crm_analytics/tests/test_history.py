import numpy as np

from odoo.tests import BaseCase, tagged

from ..lib import history, rfm


@tagged("post_install", "-at_install")
class TestHistory(BaseCase):
    """One pass over days of purchase, in pieces of any length."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        random = np.random.default_rng(4)
        rows = sorted({(int(random.integers(40)), int(day)) for day in random.integers(15_000, 16_500, 600)})
        cls.partner, cls.day = np.array(rows).T + np.array([[100], [0]])
        cls.revenue = np.round(random.normal(50, 40, len(rows)), 2)
        cls.refunded = np.where(random.random(len(rows)) < 0.1, 5.0, 0.0)
        cls.bought = cls.revenue > 0

    def count(self, *counters, size=7):
        """Show all rows to counters, some at a time."""
        splitter = history.Splitter(counters)
        columns = (self.partner, self.day, self.revenue, self.refunded, self.bought)
        for start in range(0, len(self.partner), size):
            splitter.take([column[start : start + size] for column in columns])
        splitter.close()
        return [counter.result for counter in counters]

    def test_summary_is_that_of_the_purchases(self):
        (found,) = self.count(history.Summary(16_000, 15_635))
        expected = rfm.summarize(self.partner, self.day, self.revenue, 16_000)
        np.testing.assert_array_equal(found["partner"], expected.customer)
        for name in ("first", "last", "days", "x", "t_x", "T"):
            np.testing.assert_array_equal(found[name], getattr(expected, name), name)
        for name in ("revenue", "z"):
            np.testing.assert_allclose(found[name], getattr(expected, name), atol=1e-9)
        mine = (self.partner == found["partner"][3]) & (self.day <= 16_000)
        self.assertAlmostEqual(found["revenue_12m"][3], self.revenue[mine & (self.day > 15_635)].sum())
        back, kept = self.refunded[mine].sum(), self.revenue[mine].sum()
        self.assertAlmostEqual(found["refund_rate"][3], back / (kept + back) if kept + back > 0 else 0)
        self.assertAlmostEqual(found["average"][3], self.revenue[mine & self.bought].mean())

    def test_quarters_are_those_of_the_last_364_days(self):
        (found,) = self.count(history.Summary(16_000, 15_635))
        counted = []
        for partner in found["partner"]:
            ago = 16_000 - self.day[(self.partner == partner) & self.bought]
            counted.append(len({days // 91 for days in ago.tolist() if 0 <= days < 364}))
        np.testing.assert_array_equal(found["quarters"], counted)
        self.assertEqual({*counted}, {0, 1, 2, 3, 4})

    def test_pieces_do_not_matter(self):
        def run(size):
            counters = history.Summary(16_000, 15_635), history.Months(12), history.Figures(15_300, 15_800)
            return self.count(*counters, size=size)

        for left, right in zip(run(1), run(10_000), strict=True):
            pairs = (
                [(left, right)]
                if isinstance(left, np.ndarray)
                else zip(left.values(), right.values(), strict=True)
            )
            for one, other in pairs:
                np.testing.assert_allclose(one, other, atol=1e-9)

    def test_days_between(self):
        between = history.Between(15_500, 15_900)
        self.count(between)
        days, revenue = between.of(np.array([5, 103, 104]))
        inside = (self.day > 15_500) & (self.day <= 15_900)
        for place, partner in enumerate((5, 103, 104)):
            mine = inside & (self.partner == partner)
            self.assertEqual(days[place], (mine & self.bought).sum())
            self.assertAlmostEqual(revenue[place], self.revenue[mine].sum())

    def test_months_of_each_cohort(self):
        """Customer 1 comes in January, again in March, and after 14 months; 2 in March gives back in May and
        never comes again; 3 never bought."""
        days = [
            "2020-01-05",
            "2020-01-20",
            "2020-03-01",
            "2021-05-02",
            "2020-03-03",
            "2020-05-09",
            "2020-02-02",
        ]
        self.partner = np.array([1, 1, 1, 1, 2, 2, 3])
        self.day = np.array(days, dtype="datetime64[D]").astype(int)
        self.revenue = np.array([10.0, 5, 20, 7, 30, -3, -8])
        self.refunded, self.bought = np.zeros(7), np.array([True, True, True, True, True, False, False])
        (found,) = self.count(history.Months(12))
        january = 2020 * 12
        rows = {
            (int(cohort) - january if cohort >= 0 else None, int(month) - january): tuple(values)
            for cohort, month, *values in zip(*found.values(), strict=True)
        }
        self.assertEqual(
            rows,
            {
                (0, 0): (1, 15, 2, 0, 0),
                (0, 2): (1, 20, 1, 0, 1),
                (0, 16): (1, 7, 1, 1, 1),
                (2, 2): (1, 30, 1, 0, 1),
                (2, 4): (0, -3, 0, 0, 0),
                (None, 1): (0, -8, 0, 0, 0),
            },
        )

    def test_figures_of_a_period_and_the_one_before(self):
        self.partner = np.array([1, 1, 1, 2, 2, 3, 4])
        self.day = np.array([5, 15, 25, 16, 17, 26, 24])
        self.revenue = np.array([10.0, 20, 40, 30, -5, 7, -9])
        self.refunded, self.bought = np.zeros(7), self.revenue > 0
        (found,) = self.count(history.Figures(10, 20))
        # Before: days 11 to 20; now: from 21 on.
        self.assertEqual(found.tolist(), [3, 2, 2, 38, 45, 2, 2, 1, 1, 1, 1, 45, 40])

    def test_nothing(self):
        counters = history.Summary(9, 1), history.Months(12), history.Figures(1, 5), history.Between(1, 5)
        self.partner = self.day = np.zeros(0, dtype=int)
        self.revenue = self.refunded = np.zeros(0)
        self.bought = np.zeros(0, dtype=bool)
        summary, months, figures, between = self.count(*counters)
        self.assertFalse(len(summary["partner"]) or len(months["month"]) or figures.any() or len(between[0]))
        self.assertFalse(counters[3].of(np.array([1, 2]))[0].any())
