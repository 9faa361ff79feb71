"""The data of a problem as Python code."""

import numpy as np

from bayesmeta.exports.python_code import array, matrix, names
from bayesmeta.model import Problem

__all__ = ["data_code"]


def data_code(problem: Problem, label: str) -> str:
    """The statements that make the data of `model_code`.

    Parameters
    ----------
    problem
        The numbers and priors.
    label
        What the effects are, on the analysis scale.
    """
    rows = "results" if problem.clusters is not None else "studies"
    parts = [f"# The {rows}.\nstudy = {names(problem.study)}", _observed(problem, label)]
    design = problem.design
    if design.subgroups is not None:
        what = "times" if design.times else "subgroups"
        parts.append(
            f"# The {what}, and that of each of the {rows} by its place.\n"
            f"subgroup = {names(design.subgroups.names)}\n"
            f"subgroup_of = {array(design.member, whole=True)}"
        )
    if design.means == "random-walk":
        parts.append(
            "# The time between two means, on average 1, and the means from standardised steps.\n"
            f"gaps = {array(design.gaps)}\n"
            "steps = np.tri(len(subgroup), len(gaps), -1) * np.sqrt(gaps)"
        )
    if design.terms:
        columns = [array(column) for column in design.matrix.T]
        inside = "".join(_indented(column) for column in columns)
        parts.append(
            f"# The moderators: the values of each term.\nterm = {names(design.terms)}\n"
            f"terms = np.column_stack(\n    [\n{inside}    ]\n)"
        )
    if problem.clusters is not None:
        parts.append(
            "# The studies that the results are of, and that of each by its place.\n"
            f"cluster = {names(problem.clusters.names)}\n"
            f"cluster_of = {array(problem.clusters.member, whole=True)}"
        )
    return "\n\n".join(parts)


def _indented(code: str) -> str:
    return "".join(f"        {line}\n" for line in f"{code},".splitlines())


def _observed(problem: Problem, label: str) -> str:
    if problem.counts:
        counts = "\n".join(
            f"{name} = {array(values, whole=not name.startswith('time'))}"
            for name, values in problem.counts.items()
        )
        return f"# Their counts.\n{counts}{_errors_of_priors(problem)}"
    lines = [
        f"# Their effects ({' '.join(label.split())}) and standard errors.",
        f"effect = {array(problem.effect)}",
        f"std_error = {array(problem.std_error)}",
    ]
    if problem.covariance is not None:
        lines[0] = f"# Their effects ({' '.join(label.split())})."
        lines[2] = (
            "# The covariance of their sampling errors.\n"
            f"covariance = {matrix(problem.covariance)}{_errors_of_priors(problem)}"
        )
    return "\n".join(lines)


def _errors_of_priors(problem: Problem) -> str:
    """Standard errors that a prior is made of, where the model does not need them."""
    for prior in problem.priors.values():
        for part in [each for _, each in prior.components] or [prior]:
            if "std_error" in part.data:
                errors = np.asarray(part.data["std_error"])
                return f"\n# Standard errors, for a prior.\nstd_error = {array(errors)}"
    return ""
