"""Write binomial.json from results of other software for binomial and Poisson models.

    python tests/reference/binomial.py FOLDER

FOLDER holds exact_binomial.json, brms_mcmc.json, jags_mcmc.json and metafor_binary.json, which are
whole results; kept here are the numbers that the tests compare, under names of this project.
"""

import json
import sys
from pathlib import Path

DIGITS = 13
CODING = {"01": "treatment", "half": "half"}
COUNTS = {
    "ai": "events_treatment",
    "n1i": "total_treatment",
    "ci": "events_control",
    "n2i": "total_control",
    "xi": "events",
    "ni": "total",
    "x1i": "events_treatment",
    "t1i": "time_treatment",
    "x2i": "events_control",
    "t2i": "time_control",
    "slab": "study",
    "study": "study",
}
QUANTILES = {"q025": "0.025", "q05": "0.05", "median": "0.5", "q95": "0.95", "q975": "0.975"}
ABOUT = (
    "Binomial-normal and Poisson-normal models by other software. data: the counts; times of "
    "dat.nielweise2008 in 1000 catheter days. exact: posteriors by a quadrature in doubles, "
    "independent of bayesmeta; brms, jags: the same model by long MCMC runs (mcse: Monte Carlo "
    "standard error of the mean, for jags sd / sqrt(ess); ess: effective sample size; quantiles by "
    "probability; theta_new and theta are from brms only). glmm: maximum likelihood by rma.glmm of "
    "metafor. The two-arm model of exact, brms and jags is events_treatment ~ "
    "Binomial(total_treatment, expit(p)), events_control ~ Binomial(total_control, expit(q)) with, "
    "coding 'treatment', p = alpha_i + theta_i and q = alpha_i or, coding 'half', p = alpha_i + "
    "theta_i / 2 and q = alpha_i - theta_i / 2; theta_i ~ Normal(mu, tau^2); alpha, mu, tau: the "
    "priors, normal ones by their standard deviation, alpha_i independent. log_evidence_about says "
    "what log_evidence holds. Of glmm: model UM.FS has fixed baselines and coding 'half', UM.RS "
    "random ones, CM.EL is the exact conditional (non-central hypergeometric) likelihood, CM.AL "
    "its binomial approximation; method EE has tau2 = 0, ML is random effects; lower and upper are "
    "Wald's 95 % interval by test z or t; sigma2 is the variance of the baselines; k is the number "
    "of studies that metafor kept, as it drops two-arm studies without events (or without "
    "non-events) in both arms. Fits with warnings of convergence are kept with them."
)
EVIDENCE = (
    "log of the integral over proper priors of the full probability mass functions, binomial "
    "coefficients included"
)
ACCURACY = (
    "exact, against crins_narrow of binomial_exact.json: log_evidence and mu are right to 1e-7, "
    "tau to 2e-5, theta only to 2e-3"
)


def read(folder, name):
    return json.loads((folder / name).read_text())


def first(value):
    return value[0] if isinstance(value, list) else value


def rounded(value):
    value = first(value)
    return None if value is None else float(f"{value:.{DIGITS}g}")


def counts_of(raw):
    return {COUNTS[name]: values for name, values in raw.items()}


def plain(name):
    return name.removeprefix("binom_")


def exact_fit(name, fit):
    chosen = {key: fit[key] for key in ("mu", "tau")}
    return {
        "data": plain(name),
        "coding": CODING[fit["coding"]],
        "alpha": f"Normal(0, {fit['sd_a']:g})",
        "mu": f"Normal(0, {fit['sd_mu']:g})",
        "tau": f"HalfNormal({fit['s_tau']:g})",
        "log_evidence": fit["log_marginal_likelihood"],
        "posterior": {
            key: {"mean": value["mean"], "sd": value["sd"], "quantiles": value["q"]}
            for key, value in chosen.items()
        },
        "mu_below_zero": fit["P_mu_lt_0"],
        "theta": {"mean": fit["theta_mean"], "sd": fit["theta_sd"]},
    }


def summary(numbers):
    kept = {key: numbers[key] for key in ("mean", "sd")}
    kept["quantiles"] = {p: numbers[name] for name, p in QUANTILES.items()}
    size = numbers.get("ess", numbers.get("ess_bulk"))
    kept["ess"] = size
    kept["mcse"] = numbers["mcse_mean"] or (numbers["sd"] / size**0.5 if size else None)
    kept["draws"] = numbers["n"]
    return kept


def sampled_fit(name, fit):
    posterior = fit.get("posterior", fit)
    posterior = {key: posterior[key] for key in ("mu", "tau")}
    if "theta_new" in fit:
        posterior["theta_new"] = fit["theta_new"]
    kept = {
        "data": plain(name),
        "coding": "treatment",
        "alpha": "Normal(0, 10)",
        "mu": "Normal(0, 1)",
        "tau": "HalfNormal(0.5)",
        "call": fit["model"],
        "posterior": {key: summary(value) for key, value in posterior.items()},
    }
    for key in ("theta", "baseline"):
        if key in fit:
            kept["alpha_i" if key == "baseline" else key] = fit[key]
    return kept


def glmm_fit(name, fit):
    result = fit["result"]
    kept = {"data": name, "call": fit["call"], "model": fit.get("model"), "k": result["k"]}
    kept["method"], kept["test"] = result["method"], result["test"]
    for ours, theirs in (("estimate", "b"), ("std_error", "se"), ("lower", "ci_lb"),
                         ("upper", "ci_ub"), ("tau2", "tau2"), ("se_tau2", "se_tau2"),
                         ("sigma2", "sigma2")):  # fmt: skip
        kept[ours] = rounded(result.get(theirs))
    kept["log_likelihood"] = rounded(result["fit"]["logLik"])
    kept["warnings"] = [" ".join(text.split()) for text in fit["warnings"]]
    if kept["model"] is None and 'model="' in fit["call"]:
        kept["model"] = fit["call"].split('model="')[1].split('"')[0]
    return {key: value for key, value in kept.items() if value is not None}


def main(folder):
    exact = read(folder, "exact_binomial.json")["results"]
    sampled = {name: read(folder, f"{name}_mcmc.json") for name in ("brms", "jags")}
    metafor = read(folder, "metafor_binary.json")
    groups = ("two_arm", "one_arm_PLO")
    data = {
        "two_arm": {n: counts_of(s["raw"]) for n, s in metafor["two_arm"].items()},
        "one_arm": {n: counts_of(s["raw"]) for n, s in metafor["one_arm_PLO"].items()},
        "rates": {"dat.nielweise2008": counts_of(metafor["rates_IRR"]["raw"])},
    }
    for results in (exact, *(s["fits"] for s in sampled.values())):
        for name, result in results.items():
            if name.startswith("binom_"):
                raw = counts_of(result["raw"])
                known = data["two_arm"][plain(name)]
                assert all(raw[key] == known[key] for key in raw if key != "study"), name
    glmm = {
        ours: [glmm_fit(n, fit) for n, s in metafor[theirs].items() for fit in s["glmm"]]
        for ours, theirs in zip(("two_arm", "one_arm"), groups, strict=True)
    }
    rates = [fit for fit in metafor["rates_IRR"]["fits"] if fit["call"].startswith("rma.glmm")]
    glmm["rates"] = [glmm_fit("dat.nielweise2008", fit) for fit in rates]
    sections = {
        "exact": [exact_fit(n, fit) for n, s in exact.items() for fit in s["fits"]],
        **{
            software: [
                sampled_fit(n, fit) for n, fit in s["fits"].items() if n.startswith("binom_")
            ]
            for software, s in sampled.items()
        },
        "glmm": glmm,
    }
    provenance = {
        "exact": "quadrature in doubles, 2026-11-22",
        **{software: s["provenance"] for software, s in sampled.items()},
        "glmm": metafor["provenance"],
    }
    lines = [
        "{",
        f'"about": {json.dumps(ABOUT)},',
        f'"log_evidence_about": {json.dumps(EVIDENCE)},',
        f'"accuracy": {json.dumps(ACCURACY)},',
        f'"provenance": {json.dumps(provenance)},',
    ]
    blocks = {"data": data, **sections}
    for i, (name, block) in enumerate(blocks.items()):
        end = "," if i < len(blocks) - 1 else ""
        lines.append(f'"{name}": {listed(block)}{end}')
    text = "\n".join([*lines, "}"]) + "\n"
    json.loads(text)
    Path(__file__).with_suffix(".json").write_text(text)


def listed(block):
    """JSON with one line for each fit and data set."""
    if isinstance(block, list):
        return "[\n" + ",\n".join(map(json.dumps, block)) + "\n]"
    if any(isinstance(first(value), str | int) for value in block.values()):
        return json.dumps(block)
    return "{\n" + ",\n".join(f'"{key}": {listed(value)}' for key, value in block.items()) + "\n}"


if __name__ == "__main__":
    main(Path(sys.argv[1]))
