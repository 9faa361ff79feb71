"""Compact copies of the reference numbers of the normal model, for the tests.

Reads the results of other software and of independent quadrature in a folder (its README.md says
how they were made) and writes beside this file ``quadrature.json``, ``meta_regression.json`` and
``r_bayesmeta.json``::

    python tests/reference/quadrature.py FOLDER
"""

import json
import math
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent

STATISTICS = (
    "mean",
    "sd",
    "median",
    "lower_95",
    "upper_95",
    "lower_80",
    "upper_80",
    "shortest_lower_95",
    "shortest_upper_95",
    "shortest_lower_80",
    "shortest_upper_80",
    "mode",
)
OF_THETA = tuple(name for name in STATISTICS if not name.endswith("80") and name != "mode")
OF_R = ("mean", "sd", "median", "shortest_lower_95", "shortest_upper_95", "mode")

EXACT, R = 9, 5
"""Numbers are rounded to 1e-9 posterior sd, R's to 1e-5."""

FAR = 1e9
"""Further away is nothing but an infinite moment that was cut somewhere."""

FAMILIES = {
    "half-normal": "HalfNormal",
    "half-cauchy": "HalfCauchy",
    "half-t": "HalfStudentT",
    "exponential": "Exponential",
    "half-logistic": "HalfLogistic",
    "lomax": "Lomax",
    "rayleigh": "Rayleigh",
    "inverse-chi": "InverseChi",
    "gamma": "Gamma",
    "lognormal": "LogNormal",
    "log-t": "LogT",
    "uniform": "Uniform",
    "Jeffreys": "Jeffreys",
    "overallJeffreys": "OverallJeffreys",
    "BergerDeely": "BergerDeely",
    "DuMouchel": "DuMouchel",
    "shrinkage": "UniformShrinkage",
    "I2": "UniformI2",
    "conventional": "Conventional",
    "sqrt": "UniformSqrt",
}
"""R's families and ours, whose arguments come in the same order."""

ABOUT = (
    "Posteriors of the normal model by composite 20-point Gauss-Legendre quadrature over"
    " log(tau) in doubles, independent of bayesmeta; two such quadratures agree to 1e-7, see"
    " tails.json for where they do not. Data sets as in R bayesmeta 3.4 and metadat 1.6.0, edge_*"
    " made up; 2026-11-22. lower and upper are ends of central intervals; a null sd is infinite,"
    " a null mean infinite (tau) or not defined. The density of tau falls as tau^-tail_exponent,"
    " null: faster than every power. log_evidence takes priors with their constants, improper"
    " ones as R bayesmeta has them (density 1 for Flat() and HalfFlat()); null for"
    " Conventional(), which R does not normalise. bf_tau and bf_mu are p(data | tau = 0) /"
    " p(data) and p(data | mu = 0) / p(data), where priors are proper. An inverse-gamma prior on"
    " tau^2 with shape a and rate b is InverseChi(2 a, sqrt(2 b)) on tau."
)
ABOUT_REGRESSION = (
    "Meta-regressions by the same quadrature: priors of the coefficients are flat or"
    " Normal(mean, sd), predict has combinations x of the coefficients: mean is x beta, new the"
    " true effect of a new study there. statistics says which numbers each list holds."
)
ABOUT_R = (
    "What R bayesmeta 3.4 prints (R 4.2.2, 2026-11-22), rounded to 1e-5 posterior sd: with delta"
    " = 1e-4 and epsilon = 1e-6 where tight is true, else with its defaults. central has lower"
    " and upper ends of central 95 % intervals, with the defaults. Fits that stopped with an"
    " error are not here. The fits are those of quadrature.json."
)


def finite(value: float | None) -> bool:
    return value is not None and math.isfinite(value) and abs(value) < FAR


def compact(value: float | None, digits: int = 12) -> float | None:
    """Fewer digits; null where it is not finite."""
    return float(f"{value:.{digits}g}") if finite(value) else None


def rounded(value: float | None, sd: float | None, share: int) -> float | None:
    """To ``10**-share`` of an sd; null where it is not finite."""
    scale = sd if finite(sd) and sd > 0 else 0.1
    return round(value, max(0, share - math.floor(math.log10(scale)))) if finite(value) else None


def ends(found: dict[str, Any]) -> dict[str, float | None]:
    """The numbers of a quantity under our names."""
    named = {key: found[key] for key in STATISTICS if key in found}
    for level in ("95", "80"):
        for kind, prefix in (("central", ""), ("shortest", "shortest_")):
            if f"{kind}{level}" in found:
                low, high = found[f"{kind}{level}"]
                named |= {f"{prefix}lower_{level}": low, f"{prefix}upper_{level}": high}
    return named


def numbers(
    found: dict[str, Any], statistics: tuple[str, ...], share: int = EXACT
) -> list[float | None]:
    named = ends(found)
    return [rounded(named[name], named["sd"], share) for name in statistics if name in named]


def tau_expression(prior: dict[str, Any]) -> str:
    family, parameters = prior["family"], prior["params"]
    if family == "inverse-gamma on tau^2":
        return f"InverseChi({2 * parameters['shape']}, {math.sqrt(2 * parameters['rate'])!r})"
    if family == "uniform" and not parameters:
        return "HalfFlat()"
    return f"{FAMILIES[family]}({', '.join(str(x) for x in (parameters or {}).values())})"


def mu_expression(prior: dict[str, float] | None) -> str:
    return "Flat()" if prior is None else f"Normal({prior['mean']}, {prior['sd']})"


def data_sets(source: Path, kind: str) -> Iterator[dict[str, Any]]:
    for path in sorted(source.glob(f"{kind}_*.json")):
        name = path.stem.removeprefix(f"{kind}_")
        if name not in ("bmr", "binomial", "priors"):
            yield json.loads(path.read_text()) | {"name": name}


def exact_fit(fit: dict[str, Any]) -> dict[str, Any]:
    exponent = fit["tau"]["tail_exponent"]
    log_t = fit["tau_prior"]["family"] == "log-t"
    normalised = fit["tau_prior"]["family"] != "conventional"
    heavy = fit["tau_prior"]["family"] not in ("lognormal",) and exponent < 1e6
    return {
        "id": fit["id"],
        "tau": tau_expression(fit["tau_prior"]),
        "mu": mu_expression(fit["mu_prior"]),
        "tail_exponent": round(math.floor(exponent) if log_t else exponent, 6) if heavy else None,
        "log_evidence": compact(fit["log_norm_const"], 14) if normalised else None,
        "bf_tau": compact(fit.get("BF01_tau0")),
        "bf_mu": compact(fit.get("BF01_mu0")),
        **{f"of_{name}": numbers(fit[name], STATISTICS) for name in ("mu", "tau", "theta_new")},
        "of_theta": [numbers(study, OF_THETA) for study in fit["shrinkage"]],
    }


def exact(source: Path) -> dict[str, Any]:
    return {
        "about": ABOUT,
        "statistics": STATISTICS,
        "statistics_of_theta": OF_THETA,
        "datasets": [
            {
                "name": data["name"],
                "effect": data["yi"],
                "std_error": [math.sqrt(v) for v in data["vi"]],
                "fits": [exact_fit(fit) for fit in data["fits"]],
            }
            for data in data_sets(source, "exact")
        ],
    }


def regression(source: Path) -> dict[str, Any]:
    of_r = {f["name"]: f for f in json.loads((source / "bayesmeta_bmr.json").read_text())["fits"]}
    fits = []
    for fit in json.loads((source / "exact_bmr.json").read_text())["fits"]:
        data = of_r[fit["name"]]
        means, sds = data["beta_prior_mean"], data["beta_prior_sd"]
        terms = len(data["X"]["values"][0])
        priors = [None] * terms if means is None else list(zip(means, sds, strict=True))
        name = {"half-normal": "HalfNormal", "half-cauchy": "HalfCauchy"}
        family, _, rest = data["tau_prior"].partition("(")
        fits.append(
            {
                "name": fit["name"],
                "effect": data["yi"],
                "std_error": [math.sqrt(v) for v in data["vi"]],
                "design": data["X"]["values"],
                "tau": "HalfFlat()" if family == "uniform " else f"{name[family]}({rest}",
                "beta": [
                    "Flat()" if prior is None else f"Normal({prior[0]}, {prior[1]})"
                    for prior in priors
                ],
                "log_evidence": compact(fit.get("log_marginal_likelihood"), 14),
                "of_tau": numbers(fit["tau"], STATISTICS),
                "of_beta": [numbers(term, STATISTICS) for term in fit["beta"]],
                "predict": [
                    {
                        "x": at["x"],
                        "mean": numbers(at["mean"], STATISTICS),
                        "new": numbers(at["theta"], STATISTICS),
                    }
                    for at in fit.get("predict", [])
                ],
                "mean_of_theta": [compact(study["mean"]) for study in fit["shrinkage"]],
            }
        )
    return {
        "about": ABOUT_REGRESSION,
        "statistics": STATISTICS,
        "fits": fits,
    }


def r_fit(fit: dict[str, Any]) -> dict[str, Any] | None:
    """What R gave, or None where it stopped."""
    if "mu" not in fit:
        return None
    tight = fit["tight"] is not None and fit["tight"].get("summary_shortest95") is not None
    rows = ("mode", "median", "mean", "sd", "shortest_lower_95", "shortest_upper_95")
    if tight:
        main = {
            ours: dict(zip(rows, fit["tight"]["summary_shortest95"][theirs], strict=True))
            for ours, theirs in (("mu", "mu"), ("tau", "tau"), ("theta_new", "theta"))
        }
        table = fit["tight"]["shrinkage"]
    else:
        main = {name: ends(fit[name]) for name in ("mu", "tau", "theta_new")}
        table = None
    if table is not None:
        columns = zip(*table["values"][2:], strict=True)
        theta = [dict(zip(rows, column, strict=True)) for column in columns]
    else:
        of = fit["shrinkage"]
        theta = (
            [
                dict(zip(rows, row, strict=True))
                for row in zip(
                    *(of[key] for key in ("mode", "median", "mean", "sd")),
                    of["shortest95_lower"],
                    of["shortest95_upper"],
                    strict=True,
                )
            ]
            if of
            else []
        )
    return {
        "id": fit["id"],
        "tight": tight,
        **{f"of_{name}": numbers(found, OF_R, R) for name, found in main.items()},
        "central": [
            [rounded(end, main[name]["sd"], R) for end in fit[name]["central95"]]
            for name in ("mu", "tau", "theta_new")
        ],
        "of_theta": [numbers(found, OF_R[:-1], R) for found in theta],
    }


def of_r(source: Path) -> dict[str, Any]:
    provenance, found = None, []
    for data in data_sets(source, "bayesmeta"):
        provenance = provenance or data["provenance"]
        fits = [r_fit(fit) for fit in data["fits"]]
        found.append({"name": data["name"], "fits": [fit for fit in fits if fit is not None]})
    return {"about": ABOUT_R, "provenance": provenance, "statistics": OF_R, "datasets": found}


def write(name: str, content: dict[str, Any]) -> None:
    """One fit a line."""
    lists = {"fits", "datasets"}
    head = {key: value for key, value in content.items() if key not in lists}
    lines = [
        f"{json.dumps(key)}: {json.dumps(value, ensure_ascii=False)}" for key, value in head.items()
    ]
    body = []
    for data in content.get("datasets", []):
        first = json.dumps({key: value for key, value in data.items() if key != "fits"})[:-1]
        fits = ",\n".join(json.dumps(fit, separators=(",", ":")) for fit in data["fits"])
        body.append(f'{first}, "fits": [\n{fits}]}}')
    body += [json.dumps(fit, separators=(",", ":")) for fit in content.get("fits", [])]
    key = "datasets" if "datasets" in content else "fits"
    lines.append(f'"{key}": [\n' + ",\n".join(body) + "]")
    (HERE / name).write_text("{" + ",\n".join(lines) + "}\n", encoding="utf-8")


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    write("quadrature.json", exact(folder))
    write("meta_regression.json", regression(folder))
    write("r_bayesmeta.json", of_r(folder))
