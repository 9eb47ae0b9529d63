"""The models of crm_analytics against published numbers: CDNOW (Fader, Hardie & Lee, Marketing Science 24
(2005) 275-284; Fader & Hardie, brucehardie.com/notes/025) and the M3 competition (Makridakis & Hibon, IJF 16
(2000) 451-476). The data come with wheels that are installed for them alone.
"""

import importlib.util
import sys
from datetime import date

import numpy as np
import pytest
from published_data import competition, data_of
from suite import ADDONS

WEEKS_39 = 273  # days


@pytest.fixture(scope="module")
def lib():
    """The models, as modules of a package without Odoo."""
    folder = ADDONS / "crm_analytics" / "lib"
    spec = importlib.util.spec_from_file_location(
        "analytics_lib", folder / "__init__.py", submodule_search_locations=[str(folder)]
    )
    package = importlib.util.module_from_spec(spec)
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "analytics_lib", package)
        spec.loader.exec_module(package)
        yield lambda name: importlib.import_module(f"analytics_lib.{name}")
        for name in [name for name in sys.modules if name.startswith("analytics_lib.")]:
            patch.delitem(sys.modules, name)


@pytest.fixture(scope="module")
def purchases(lib):
    """(customer, day, money), arrays: the tenth of the customers that the papers use."""
    rows = np.genfromtxt(data_of("lifetimes", "datasets", "CDNOW_sample.txt"))
    dates = rows[:, 2].astype(int)
    days = np.array([date(d // 10_000, d // 100 % 100, d % 100).toordinal() for d in dates])
    return rows[:, 1].astype(int), days, rows[:, 4]


@pytest.fixture(scope="module")
def halves(lib, purchases):
    """Customers as they were after 39 weeks and after 78."""
    customer, day, money = purchases
    # Purchases of 0 dollars count as purchases there, too.
    events, end = (customer, day, np.maximum(money, 1e-6)), day.min() + WEEKS_39 - 1
    return [lib("rfm").summarize(*events, until) for until in (end, end + WEEKS_39)]


@pytest.mark.parametrize(
    ("kind", "parameters", "likelihood"),
    [
        ("BG", (0.2426, 4.4136, 0.7929, 2.4259), -9582.429),
        ("MBG", (0.5248, 6.1830, 0.8914, 1.6140), -9582.13),
    ],
)
def test_t1_purchases_of_cdnow(lib, kind, parameters, likelihood):
    """Parameters to 0.002, likelihood to 0.01."""
    btyd = lib("btyd")
    columns = summary().T
    found = btyd.fit(btyd.group(*columns[1:4]), getattr(btyd, kind))
    model = found.parameters
    np.testing.assert_allclose((model.r, model.alpha, model.a, model.b), parameters, atol=0.002)
    assert found.log_likelihood == pytest.approx(likelihood, abs=0.01)


def test_t1_value_of_cdnow(lib):
    """Gamma-Gamma of the 946 who came again."""
    columns = summary().T
    found = lib("gamma_gamma").fit_value(columns[1], columns[4])
    np.testing.assert_allclose((found.p, found.q, found.v), (6.2488, 3.7446, 15.4477), atol=0.002)
    assert found.log_likelihood == pytest.approx(-4055.918, abs=0.01)


def summary():
    """Frequency, recency, age and mean value of the customers after 39 weeks, as published."""
    path = data_of("lifetimes", "datasets", "cdnow_customers_summary_with_transactions.csv")
    return np.genfromtxt(path, delimiter=",", skip_header=1)


def test_t9_orders_of_cdnow_to_come(lib, halves):
    """1,653 were forecast for weeks 40 to 78, 1,882 came; the correlation is 0.6256."""
    btyd = lib("btyd")
    past, later = halves
    model = btyd.fit(btyd.group(past.x, past.t_x, past.T), btyd.BG).parameters
    expected = btyd.expected_orders(model, WEEKS_39, past.x, past.t_x, past.T)
    came = later.x - past.x
    assert came.sum() == 1882
    assert expected.sum() == pytest.approx(1653.4, abs=0.5)
    assert np.corrcoef(expected, came)[0, 1] == pytest.approx(0.6256, abs=0.0005)


def test_t11_money_of_cdnow_is_with_few(lib, purchases, halves):
    """A tenth of the customers hold half of the money, a fifth two thirds."""
    customer, day, money = purchases
    spread = lib("abc").concentration(np.bincount(customer, weights=money)[1:], (235 / 2357, 471 / 2357))
    assert spread.total == pytest.approx(244_091.94, abs=0.005)
    assert [round(100 * share, 2) for share in spread.top.values()] == [50.71, 67.40]
    assert (len(money), (money == 0).sum()) == (6919, 8)
    assert len(np.unique(np.stack([customer, day]), axis=1).T) == 6696
    assert ((halves[1].x == 0).sum(), len(halves[1].x)) == (1218, 2357)


def test_t18_theta_in_the_m3_competition(lib):
    """As good as the winner of the competition, within what methods of that name differ."""
    theta, errors = lib("forecast_methods").theta, lib("forecast").errors
    found = {}
    for kind, past, future, season in competition():
        error = errors(future, theta(past, len(future), season), past, season)
        found.setdefault(kind, []).append((error.smape, error.mase))
    assert sorted((len(rows), kind) for kind, rows in found.items()) == [
        (174, "OTHER"),
        (645, "YEARLY"),
        (756, "QUARTERLY"),
        (1428, "MONTHLY"),
    ]
    smape, mase = np.mean(found["MONTHLY"], axis=0)
    assert smape <= 14.0
    assert mase <= 0.88
    assert np.mean(np.concatenate(list(found.values())), axis=0)[0] <= 12.9
