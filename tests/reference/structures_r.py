"""Write ``structures_r.json``: what R bayesmeta and metafor say of designs and of three levels.

``python tests/reference/structures_r.py FOLDER`` reads ``bayesmeta_bmr.json``, ``metafor_mv.json``
and ``metafor_moderators.json`` of FOLDER, results of R with the versions that their provenance
names, and keeps what the tests use: nothing is computed here.
"""

import json
import sys
from pathlib import Path
from typing import Any

ABOUT = (
    "regressions: fits of bmr of R bayesmeta, with delta = 1e-4 and epsilon = 1e-6 where tight; "
    "summary: rows of `statistics` for tau and each coefficient, predict: quantiles of "
    "`probabilities` of the mean and of a new true effect at combinations x; shrinkage: median and "
    "mean of each theta. The same fits, in the same order, are in meta_regression.json. "
    "three_level: rma.mv of metafor, sigma2 is tau² between and within studies; moderators: rma "
    "of metafor, method ML or REML, test z."
)
STATISTICS = ("mode", "median", "mean", "sd", "95% lower", "95% upper")
OF_METAFOR = ("call", "b", "se", "coef_names", "sigma2", "logLik")
CALLS = {
    "dat.bcg": ("~ablat", "~alloc", "~0 + alloc", "~ablat + year", "~ablat * year"),
    "Crins2014_AR": ("~IL2RA",),
    "bangertdrowns2004": ("~length", "~factor(grade)"),
    "raudenbush1985": ("~weeks",),
}


def read(folder: Path, name: str) -> Any:
    return json.loads((folder / name).read_text(encoding="utf-8"))


def regression(fit: dict) -> dict:
    run = fit.get("tight") or fit["default"]
    theta = dict(zip(run["theta"]["rownames"], run["theta"]["values"], strict=True))
    assert tuple(run["summary"]["rownames"]) == STATISTICS
    return {
        "name": fit["name"],
        "tight": "tight" in fit,
        "summary": run["summary"]["values"],
        "predict": [
            {"x": at["x"], "mean": at["mean_quantiles"], "new": at["theta_quantiles"]}
            for at in run.get("predict", [])
        ],
        "shrinkage": {"median": theta["median"], "mean": theta["mean"]},
    }


def three_level(data: dict) -> dict:
    return {
        name: {
            "effect": data[name]["data"]["yi"],
            "variance": data[name]["data"]["vi"],
            "cluster": data[name]["data"][cluster],
            "deltype": data[name]["data"].get("deltype"),
            "fits": {
                key: {part: fit[part] for part in OF_METAFOR}
                for key, fit in data[name]["fits"].items()
                if "sigma2" in fit and not key.endswith("_t")
            },
        }
        for name, cluster in (("konstantopoulos2011", "district"), ("assink2016", "study"))
    }


def moderators(data: dict) -> list[dict]:
    found = []
    for name, formulas in CALLS.items():
        for fit in data[name]["fits"]:
            told = fit["result"]
            formula = fit["call"].split("mods = ")[1].split(", data")[0]
            if formula in formulas and told["test"] == "z" and told["method"] in ("REML", "ML"):
                kept = ("method", "coef_names", "b", "se", "tau2")
                found.append(
                    {"data": name, "formula": formula, "call": fit["call"]}
                    | {part: told[part] for part in kept}
                    | {"logLik": told["fit"]["logLik"]}
                )
    return found


def main() -> None:
    folder = Path(sys.argv[1])
    bmr = read(folder, "bayesmeta_bmr.json")
    mv, rma = read(folder, "metafor_mv.json"), read(folder, "metafor_moderators.json")
    whole = {
        "about": ABOUT,
        "provenance": {
            "bayesmeta": bmr["provenance"],
            "rma.mv": mv["provenance"],
            "rma": rma["provenance"],
        },
        "statistics": STATISTICS,
        "probabilities": bmr["quantile_levels"],
        "regressions": [regression(fit) for fit in bmr["fits"]],
        "three_level": three_level(mv["datasets"]),
        "moderators": {
            "data": {name: rma["datasets"][name]["data"] for name in CALLS},
            "fits": moderators(rma["datasets"]),
        },
    }
    text = json.dumps(whole, ensure_ascii=False)
    (Path(__file__).parent / "structures_r.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
