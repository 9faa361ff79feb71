"""The cases of ``structures_exact.json`` and ``structures_jags.json`` as problems."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from bayesmeta.model import Design, Groups, Problem, Readout
from bayesmeta.priors import parse_prior

__all__ = ["CASES", "REFERENCE", "case", "problem_of_case", "reference"]


def reference(name: str) -> Any:
    folder = Path(__file__).parents[1] / "reference"
    return json.loads((folder / name).read_text(encoding="utf-8"))


REFERENCE = reference("structures_exact.json")
CASES = [entry["name"] for entry in REFERENCE["cases"]]
_GROUPS = {"bcg": "alloc", "oa_pain": "tissue_source", "oa_pain_times": "months"}
_TIMES = ("free", "random_walk")
_RHO = {"nested_rho_assink": 0.6, "covariance_assink": 0.6, "random_walk_nested_oa_pain": 0.5}


def case(name: str) -> dict:
    """One case of the file."""
    return next(entry for entry in REFERENCE["cases"] if entry["name"] == name)


def problem_of_case(name: str) -> Problem:
    """The problem that a case is of."""
    entry = case(name)
    data = REFERENCE["data"][entry["data"]]
    priors = {key: parse_prior(text) for key, text in entry["priors"].items()}
    effect, clusters = np.array(data["effect"]), None
    labels = data["study"] if "random_walk_nested" in name else data.get("cluster")
    if labels is not None and (name in _RHO or "tau_within" in priors):
        clusters = Groups.of([str(label) for label in labels])
    heterogeneity = "nested" if "tau_within" in priors else "normal"
    return Problem(
        study=tuple(f"study {i}" for i in range(effect.size)),
        effect=effect,
        std_error=np.sqrt(data["variance"]),
        likelihood="normal",
        heterogeneity=heterogeneity if "tau" in priors else "common",
        priors=priors,
        clusters=clusters,
        rho=_RHO.get(name),
        covariance=np.array(data["covariance"]) if name == "covariance_berkey" else None,
        design=_design(name, entry, data),
    )


def _design(name: str, entry: dict, data: dict) -> Design:
    terms = [key[5:-1] for key in entry["priors"] if key.startswith("beta[")]
    if terms:
        at = [key[6:-1] for key in entry["estimates"] if key.startswith("mu_at[")]
        return _regression(data, terms, at)
    kind = next((k for k in ("independent", "exchangeable", "separate", *_TIMES) if k in name), "")
    if not kind:
        return Design.pooled(len(data["effect"]))
    labels = [str(value) for value in data[_GROUPS[entry["data"]]]]
    names = sorted(set(labels), key=float) if kind in _TIMES else list(dict.fromkeys(labels))
    gaps = np.diff(np.array(names, float)) if kind == "random_walk" else np.ones(0)
    return Design(
        matrix=np.zeros((len(labels), 0)),
        subgroups=Groups.of(labels, names),
        means={"random_walk": "random-walk", "exchangeable": "exchangeable"}.get(
            kind, "independent"
        ),
        gaps=gaps / gaps.mean() if gaps.size else gaps,
        own_tau=kind == "separate",
    )


def _regression(data: dict, terms: Sequence[str], at: Sequence[str]) -> Design:
    """Numbers are centred, and a term such as ``alloc=random`` is an indicator."""

    def column(term: str, values: dict[str, Sequence]) -> np.ndarray:
        name, _, level = term.partition("=")
        if level:
            return np.array([float(value == level) for value in values[name]])
        return np.array(values[name], float) - np.mean(data[name])

    points: dict[str, list] = {}
    for text in at:
        for part in text.split(", "):
            name, _, value = part.partition("=")
            points.setdefault(name, []).append(value)
    count = len(at)
    return Design(
        matrix=np.stack([column(term, data) for term in terms], 1),
        terms=tuple(terms),
        steps=np.full(len(terms), np.nan),
        points=Readout(
            names=tuple(at),
            of_mu=np.ones((count, 1)),
            of_beta=np.stack([column(term, points) for term in terms], 1),
            member=np.zeros(count, np.intp),
        ),
    )
