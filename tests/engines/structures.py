"""The cases of ``tests/reference/structures_exact.json`` as problems."""

import json
from itertools import combinations
from pathlib import Path

import numpy as np

from bayesmeta.model import Design, Groups, Problem, Readout
from bayesmeta.priors import parse_prior

__all__ = ["CASES", "REFERENCE", "case", "problem_of_case"]

REFERENCE = json.loads(
    (Path(__file__).parents[1] / "reference" / "structures_exact.json").read_text()
)
CASES = [entry["name"] for entry in REFERENCE["cases"]]


def case(name: str) -> dict:
    """One case of the file."""
    return next(entry for entry in REFERENCE["cases"] if entry["name"] == name)


def problem_of_case(name: str) -> Problem:
    """The problem that a case is of."""
    entry = case(name)
    data = REFERENCE["data"][entry["data"]]
    effect, variance = np.array(data["effect"]), np.array(data["variance"])
    studies = effect.size
    priors = {key: parse_prior(text) for key, text in entry["priors"].items()}
    design, clusters, rho, covariance = Design.pooled(studies), None, None, None
    heterogeneity = "normal" if "tau" in priors else "common"
    group = {"bcg": "alloc", "oa_pain": "tissue_source", "oa_pain_times": "months"}
    if name.startswith(("independent", "exchangeable", "separate", "free", "random_walk")):
        labels = [str(value) for value in data[group[entry["data"]]]]
        times = name.startswith(("free", "random_walk"))
        names = sorted(set(labels), key=float) if times else None
        walk = name.startswith("random_walk")
        informs = "exchangeable" if name.startswith("exchangeable") else "independent"
        gaps = np.diff(np.array([float(one) for one in names])) if names else np.zeros(0)
        design = Design(
            matrix=np.zeros((studies, 0)),
            subgroups=Groups.of(labels, names),
            means="random-walk" if walk else informs,
            gaps=gaps / gaps.mean() if walk else gaps,
            own_tau=name.startswith("separate"),
        )
    elif any(key.startswith("beta[") for key in priors):
        design = _regression(data, [key[5:-1] for key in priors if key.startswith("beta[")])
    if name.startswith("nested"):
        heterogeneity = "nested"
    if "cluster" in data and name != "covariance_berkey":
        clusters = Groups.of([str(value) for value in data["cluster"]])
        rho = 0.6 if "assink" in name else None
    if name == "covariance_berkey":
        covariance = np.array(data["covariance"])
    return Problem(
        study=tuple(f"study {i}" for i in range(studies)),
        effect=effect,
        std_error=np.sqrt(variance),
        likelihood="normal",
        heterogeneity=heterogeneity,
        priors=priors,
        clusters=clusters,
        rho=rho,
        covariance=covariance,
        design=design,
    )


def _regression(data: dict, terms: list[str]) -> Design:
    columns = []
    for term in terms:
        if "=" in term or "[" in term or term not in data:
            level = term.replace("alloc", "").strip("=[]: ")
            columns.append(np.array([float(value == level) for value in data["alloc"]]))
        else:
            values = np.array(data[term], float)
            columns.append(values - values.mean())
    return Design(matrix=np.stack(columns, 1), terms=tuple(terms))


def pairs(names: tuple[str, ...]) -> list[tuple[int, int]]:
    """All pairs of means."""
    return list(combinations(range(len(names)), 2))


def at(design: Design, matrix: np.ndarray) -> Readout:
    """The means at values of the terms."""
    count = matrix.shape[0]
    return Readout(
        names=tuple(map(str, range(count))),
        of_mu=np.ones((count, 1)),
        of_beta=matrix,
        member=np.zeros(count, np.intp),
    )
