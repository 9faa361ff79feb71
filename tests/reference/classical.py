"""Write classical.json.gz from results of R metafor and R meta, and the input of classical.R.

    python tests/reference/classical.py sets FOLDER sets.json
    Rscript tests/reference/classical.R sets.json iterated.json
    python tests/reference/classical.py write FOLDER iterated.json

FOLDER holds metafor_rma.json.gz, metafor_binary.json, metafor_moderators.json and
revman_meta_shipped.json, which are whole results of these packages; kept here are the numbers that
the tests compare, at 13 digits, and inputs in full.
"""

import gzip
import json
import re
import sys
from pathlib import Path

DIGITS = 13
"""Of results; four more than the closest comparison needs."""

TESTS = {"z": "Wald", "t": "t", "knha": "HKSJ", "adhoc": "HKSJ-truncated"}
"""metafor's tests, and our names of the intervals."""

PREDICTIONS = {"default": "metafor", "riley": "Riley", "simple": "simple"}

COLUMNS = [
    "estimate", "std_error", "lower", "upper", "statistic", "p_value",
    *(f"{kind} {end}" for kind in PREDICTIONS.values() for end in ("lower", "upper")),
]  # fmt: skip
"""Numbers of a fit under a test."""

UNCOMPARED = re.compile(r"GLMM|'SSW'|Cochran|metacor|metainc|KR|IQWiG6|adhoc.hakn.ci='ci'|subgroup")
"""Methods of R meta that are not offered: generalised linear mixed models, sample-size weights,
person-time methods, Kenward & Roger's interval and two ad hoc variants of HKSJ."""


def read(path):
    data = path.read_bytes()
    return json.loads(gzip.decompress(data) if path.suffix == ".gz" else data)


def first(value):
    return value[0] if isinstance(value, list) else value


def rounded(value):
    value = first(value)
    return None if value is None else float(f"{value:.{DIGITS}g}")


def numbers_of(result):
    names = ["b", "se", "ci_lb", "ci_ub", "zval", "pval"]
    predicted = [result["predict"][kind][end] for kind in PREDICTIONS for end in ("pi_lb", "pi_ub")]
    return [rounded(value) for value in [*(result[name] for name in names), *predicted]]


def fits_of(fits):
    """By method: tau², I², H², Q and its p-value, and the numbers under each test."""
    kept = {}
    for fit in fits:
        result = fit["result"]
        if "weighted" in fit["call"]:
            continue  # unweighted means are not offered
        method = "fixed" if "tau2 =" in fit["call"] else result["method"]
        shared = {name: rounded(result[name]) for name in ("tau2", "I2", "H2", "QE", "QEp")}
        entry = kept.setdefault(method, {**shared, "tests": {}})
        # A fit is made anew for each test; Paule-Mandel's root differs between them.
        entry["tests"][TESTS[result["test"]]] = [
            rounded(result["tau2"]), *numbers_of(result),
        ]  # fmt: skip
    return kept


def sets_of(folder, iterated):
    found = read(folder / "metafor_rma.json.gz")["datasets"]
    return {
        name: {
            "effect": entry["dataset"]["yi"],
            "variance": entry["dataset"]["vi"],
            "iterated": iterated[name],
            "q_profile": next(
                [rounded(ends["ci_lb"]), rounded(ends["ci_ub"])]
                for fit in entry["fits"]
                if (ends := fit["result"].get("confint")) and fit["result"]["method"] == "REML"
            ),
            "fits": fits_of(entry["fits"]),
        }
        for name, entry in found.items()
    }


def tables_of(folder):
    """Two-by-two tables, pooled by Mantel-Haenszel and Peto in metafor."""
    keep = ("b", "se", "ci_lb", "ci_ub", "zval", "pval", "QE", "QEp", "k_yi")
    return {
        name: {
            **{column: entry["raw"][column] for column in ("ai", "n1i", "ci", "n2i")},
            "fits": [
                {
                    "call": fit["call"],
                    **{key: rounded(fit["result"].get(key)) for key in keep},
                    "weights": [rounded(weight) for weight in fit["result"]["weights"]],
                }
                for fit in entry["mh_peto"]
                if "correct=FALSE" not in fit["call"]  # the test of Mantel & Haenszel alone
            ],
        }
        for name, entry in read(folder / "metafor_binary.json")["two_arm"].items()
    }


def meta_of(folder):
    """Pooled results of R meta, each with the effects and standard errors that it pooled."""
    found = read(folder / "revman_meta_shipped.json")
    kept, seen, pooled = [], set(), {}
    for entry in found["results"]:
        if "call" not in entry or UNCOMPARED.search(entry["call"]):
            continue
        # Of the calls that differ in the method of tau² or the intervals alone, the first has the
        # studies.
        measure = (entry["dataset"], entry["result"]["sm"], entry["result"]["method"])
        studies = pooled.setdefault((*measure, entry["settings"]), entry["result"].get("studies"))
        if "studies" in entry["result"]:
            studies = entry["result"]["studies"]
        result = {key: value for key, value in entry["result"].items() if key != "studies"}
        key = json.dumps([entry["dataset"], result], sort_keys=True)
        if key in seen:
            continue
        seen.add(key)
        call = entry["call"]
        kept.append(
            {
                "name": f"{entry['dataset']} {call[call.index('sm=') :]}, {entry['settings']}",
                "settings": entry["settings"],
                "effect": studies["TE"],
                "std_error": studies["seTE"],
                "weights": [rounded(weight) for weight in studies["w_common_pct"]],
                "cells": cells_of(call, found["raw"].get(entry["dataset"])),
                "sm": result["sm"],
                "method": result["method"],
                "method_tau": result["method_tau"],
                "method_random_ci": first(result["method_random_ci"]),
                "adhoc": "hakn.ci='se'" in call,
                "method_predict": first(result["method_predict"]),
                **{
                    key: rounded(value)
                    for key, value in result.items()
                    if re.search("_common|_random|_predict|^Q|^pval_Q|^tau2|^I2", key)
                    and isinstance(first(value), float | int)
                },
            }
        )
    return kept


def cells_of(call, raw):
    """Events and totals of a call of metabin on the whole of a data set."""
    names = re.match(r"metabin\(([\w.]+),([\w.]+),([\w.]+),([\w.]+),", call)
    return [raw[name] for name in names.groups()] if names and raw else None


def subgroups_of(folder):
    found = read(folder / "metafor_moderators.json")
    tests = {}
    stack = [("", found)]
    while stack:
        name, entry = stack.pop()
        if isinstance(entry, dict):
            if "subgroup_difference_test_separate_tau2" in entry:
                tests[name] = entry["subgroup_difference_test_separate_tau2"]
            stack += entry.items()
    return {f"{name} {method}": test for name in tests for method, test in tests[name].items()}


def write(folder, iterated):
    made = json.loads(iterated.read_text(encoding="utf-8"))
    sources = ("metafor_rma.json.gz", "metafor_binary.json", "revman_meta_shipped.json")
    reference = {
        "provenance": {
            **{name: read(folder / name)["provenance"] for name in sources},
            "iterated": {
                "R": made["R"],
                "metafor": made["metafor"],
                "script": "classical.R",
            },
        },
        "columns": ["tau2", *COLUMNS],
        "sets": sets_of(folder, made["sets"]),
        "tables": tables_of(folder),
        "subgroups": subgroups_of(folder),
        "meta": meta_of(folder),
    }
    target = Path(__file__).with_suffix(".json.gz")
    # Without a time stamp, so that the same numbers make the same file.
    target.write_bytes(gzip.compress(json.dumps(reference).encode(), mtime=0))


def sets(folder, target):
    found = read(folder / "metafor_rma.json.gz")["datasets"]
    chosen = {
        name: {key: entry["dataset"][key] for key in ("yi", "vi")} for name, entry in found.items()
    }
    target.write_text(json.dumps(chosen), encoding="utf-8")


if __name__ == "__main__":
    command = {"sets": sets, "write": write}[sys.argv[1]]
    command(Path(sys.argv[2]), Path(sys.argv[3]))
