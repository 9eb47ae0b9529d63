"""One side of the analytics benchmark in a process of its own; tasks come by the standard input.

Usage: analytics_worker.py SIDE FOLDER, where SIDE is ``ours`` or ``peer`` and FOLDER holds the data. A line
is a task and its argument; the answer is a line of JSON: ``seconds`` (of the processor), ``memory`` (MB, the
most so far) and ``result``. What reading the data takes is not measured.
"""

import gc
import importlib.util
import json
import resource
import sys
import time
import warnings
from pathlib import Path

import numpy as np

warnings.simplefilter("ignore")
HORIZON = 365
ENOUGH = 0.2  # seconds


class Ours:
    """The models of crm_analytics, without Odoo."""

    def __init__(self):
        addon = Path(__file__).resolve().parents[2] / "addons" / "crm_analytics"
        spec = importlib.util.spec_from_file_location(
            "analytics_lib", addon / "lib" / "__init__.py", submodule_search_locations=[str(addon / "lib")]
        )
        sys.modules["analytics_lib"] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules["analytics_lib"])
        from analytics_lib import basket, btyd, forecast_methods, gamma_gamma

        self.basket, self.btyd, self.methods, self.value = basket, btyd, forecast_methods, gamma_gamma

    def _fit(self, data, kind):
        found = self.btyd.fit(self.btyd.group(data["x"], data["t_x"], data["T"]), kind)
        self.parameters = model = found.parameters
        return {"parameters": [model.r, model.alpha, model.a, model.b], "likelihood": found.log_likelihood}

    def bg(self, data):
        return self._fit(data, self.btyd.BG)

    def mbg(self, data):
        return self._fit(data, self.btyd.MBG)

    def value_fit(self, data):
        found = self.value.fit_value(data["x"], data["z"])
        return {"parameters": [found.p, found.q, found.v], "likelihood": found.log_likelihood}

    def scores(self, data):
        """P(alive) and the orders of a year, with the parameters the data were made of."""
        model = self.btyd.Parameters(self.btyd.BG, 0.5, 60.0, 0.8, 2.5)
        columns = data["x"], data["t_x"], data["T"]
        alive = self.btyd.probability_alive(model, *columns)
        orders = self.btyd.expected_orders(model, HORIZON, *columns)
        return {"alive": float(alive.sum()), "orders": float(orders.sum())}

    def pairs(self, data):
        counts = self.basket.count_pairs(data["basket"], data["product"], least=30)
        self.basket.rules(counts)
        return {"pairs": len(counts.left), "baskets": int(counts.pair_count.sum())}

    def theta(self, data):
        for past, horizon, season in data:
            self.methods.theta(past, horizon, season)
        return {"series": len(data)}


class Peer:
    """lifetimes and mlxtend."""

    def __init__(self):
        import pandas
        from lifetimes import BetaGeoFitter, GammaGammaFitter, ModifiedBetaGeoFitter
        from lifetimes.utils import ConvergenceError
        from mlxtend.frequent_patterns import fpgrowth

        self.pandas, self.fpgrowth, self.convergence_error = pandas, fpgrowth, ConvergenceError
        self.fitters = {"bg": BetaGeoFitter, "mbg": ModifiedBetaGeoFitter, "value": GammaGammaFitter}

    def _fit(self, data, kind):
        fitter = self.fitters[kind]().fit(data["x"], data["t_x"], data["T"])
        found = fitter.params_
        likelihood = -fitter._negative_log_likelihood_ * len(data["x"])
        return {
            "parameters": [float(found[name]) for name in ("r", "alpha", "a", "b")],
            "likelihood": likelihood,
        }

    def bg(self, data):
        return self._fit(data, "bg")

    def mbg(self, data):
        return self._fit(data, "mbg")

    def value_fit(self, data):
        """Its fit gives up on many customers: then with the next looser tolerance; that one alone is
        timed.
        """
        again = data["x"] > 0
        for tolerance in (None, 1e-6, 1e-5, 1e-4, 1e-3):
            before = time.process_time()
            try:
                options = {"tol": tolerance} if tolerance else {}
                fitter = self.fitters["value"]().fit(data["x"][again], data["z"][again], **options)
            except self.convergence_error:
                continue
            seconds = time.process_time() - before
            values = [float(fitter.params_[name]) for name in ("p", "q", "v")]
            return {"parameters": values, "seconds": seconds, "tolerance": tolerance}
        raise SystemExit("lifetimes fits no Gamma-Gamma model.")

    def scores(self, data):
        fitter = self.fitters["bg"]()
        fitter.params_ = self.pandas.Series({"r": 0.5, "alpha": 60.0, "a": 0.8, "b": 2.5})
        alive = fitter.conditional_probability_alive(data["x"], data["t_x"], data["T"])
        fitter.predict = fitter.conditional_expected_number_of_purchases_up_to_time
        orders = fitter.predict(HORIZON, data["x"], data["t_x"], data["T"])
        return {"alive": float(np.sum(alive)), "orders": float(np.sum(orders))}

    def pairs(self, data):
        """Its table of yes and no is made before the clock starts."""
        found = self.fpgrowth(data["table"], min_support=30 / len(data["table"]), max_len=2)
        both = found[found["itemsets"].map(len) == 2]
        return {"pairs": len(both), "baskets": round(float(both["support"].sum()) * len(data["table"]))}

    def table(self, data):
        """One row per basket, one column per product."""
        rows = np.zeros((data["basket"].max() + 1, data["product"].max() + 1), dtype=bool)
        rows[data["basket"], data["product"]] = True
        return {"table": self.pandas.DataFrame(rows)}


def load(folder, side, task, argument):
    """The data of a task."""
    with np.load(folder / f"{argument}.npz") as file:
        data = {name: file[name] for name in file.files}
    if task == "theta":
        return [(past, *map(int, name.split("_")[1:])) for name, past in data.items()]
    return side.table(data) if task == "pairs" and isinstance(side, Peer) else data


def clocked(function, data):
    """(Seconds of one run, its result); what takes milliseconds is done again and again, or it would be
    measured how a processor wakes up.
    """
    times = []
    while sum(times) < ENOUGH:
        before = time.process_time()
        result = function(data)
        seconds = time.process_time() - before
        times.append(result.pop("seconds", seconds))
    return sum(times) / len(times), result


def main():
    side = {"ours": Ours, "peer": Peer}[sys.argv[1]]()
    folder, known, data = Path(sys.argv[2]), None, None
    # The peer prints where it should not.
    answers, sys.stdout = sys.stdout, sys.stderr
    for line in sys.stdin:
        task, argument = line.split()
        if (task == "pairs", argument) != known:
            known, data = (task == "pairs", argument), load(folder, side, task, argument)
        gc.collect()
        seconds, result = clocked(getattr(side, task), data)
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(json.dumps({"seconds": seconds, "memory": memory, "result": result}), file=answers, flush=True)


if __name__ == "__main__":
    main()
