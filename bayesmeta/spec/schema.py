"""The keys of a spec, their types and their defaults.

Names of measures, likelihoods, heterogeneities, engines and priors are looked up where these are
defined, above this layer; here they are text.
"""

from pathlib import Path
from typing import Annotated, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator

__all__ = [
    "Compare",
    "Data",
    "Effect",
    "Engine",
    "Interval",
    "Labels",
    "Model",
    "Moderators",
    "Priors",
    "Published",
    "Sensitivity",
    "SharedControl",
    "Spec",
    "Subgroup",
    "Time",
    "ZeroCells",
]

_TARGET_ACCEPT = 0.98
"""With two or three studies 14 of 32 runs of nutpie had divergent draws at 0.95 and none at 0.98,
at the same effective sample size."""

Probability = Annotated[float, Field(gt=0, lt=1)]


class Section(BaseModel):
    """A frozen table of the spec in which an unknown key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    @field_validator("*", mode="before")
    @classmethod
    def _plain(cls, value: object, info: ValidationInfo) -> object:
        """Refuse true and false as numbers, and text that no file can hold."""
        annotation = cls.model_fields[info.field_name or ""].annotation
        if isinstance(value, bool) and bool not in (annotation, *get_args(annotation)):
            raise ValueError("input should not be true or false")
        if isinstance(value, str):
            _check_text(value)
        return value


def _check_text(text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ValueError("input should be valid Unicode text") from None


class Data(Section):
    """``[data]``: what to read."""

    file: Path | None = Field(None, description="the file of studies, relative to the spec")
    where: str | None = Field(None, description="which rows to keep, as a pandas query")
    study: str | None = Field(None, description="the column that names the study")
    result: str | None = Field(
        None, description="the column that tells several results of one study apart"
    )
    analysis: str | None = Field(
        None, description="in a file of RevMan, comparison and outcome, as in 1.2"
    )
    decimal: Literal[".", ","] | None = Field(None, description="decimal mark; found by itself")
    columns: dict[str, str] = Field({}, description="our name = the name in the file")
    risk_of_bias: dict[str, str] = Field(
        {}, description="domain = the column of its judgements: low, some concerns, unclear, high"
    )


class ZeroCells(Section):
    """``[effect.zero_cells]``: what is added to two-by-two tables with empty cells.

    The words are those of `escalc` in R's metafor.
    """

    add: float = Field(0.5, ge=0, description="what is added to the cells")
    to: Literal["only0", "all", "if0all", "none"] | None = Field(
        None,
        description="to studies with a zero, to all, to all if any has a zero, to none; "
        "the measure's own rule where it is not given",
    )
    drop00: bool | None = Field(
        None,
        description="leave out studies with no (or only) events in both arms; the measure's own "
        "rule where it is not given",
    )
    revman: bool = Field(
        False,
        description="as RevMan: a risk difference has its standard error alone computed with what "
        "is added, and a risk ratio keeps studies with nothing but events",
    )


class SharedControl(Section):
    """``[effect.shared_control]``: comparisons that share a control arm.

    The ways are those of the Cochrane Handbook, section 23.3.4.
    """

    column: str = Field(description="the column that says which rows have the same control arm")
    method: Literal["covariance", "split", "combine"] = Field(
        "covariance",
        description="account for the correlation, split the control arm, or combine the others",
    )


class Effect(Section):
    """``[effect]``: which effect measure, and what counts as benefit."""

    measure: str = Field(description="OR RR RD PETO MD SMD … (`bayesmeta list measures`)")
    better: Literal["higher", "lower"] | None = Field(None, description="direction of benefit")
    important: float | None = Field(
        None, description="smallest important effect, on the display scale"
    )
    smd: Literal["exact", "revman"] = Field("exact", description="small-sample formulas of SMD")
    bias_correction: bool = Field(True, description="small-sample bias correction")
    r: float | None = Field(
        None, gt=-1, lt=1, description="correlation before-after where the data hold none"
    )
    zero_cells: ZeroCells = ZeroCells()
    shared_control: SharedControl | None = Field(
        None, description="what is done where comparisons share a control arm"
    )
    scale: Literal["analysis", "display"] | None = Field(
        None, description="the scale on which effect, lower and upper are given"
    )
    level: Probability = Field(0.95, description="level of the intervals lower to upper")
    control_risk: float | None = Field(
        None,
        gt=0,
        description="risk, or rate, without treatment at which RR, RD and NNT are derived; that of "
        "the data where it is not given",
    )
    new_total: int | None = Field(
        None,
        ge=1,
        le=1_000_000,
        description="participants of a new study whose events are predicted; as many as a typical "
        "study has where it is not given",
    )


class Subgroup(Section):
    """``[model.subgroup]``: a mean for each subgroup of the studies."""

    column: str = Field(description="the column that says to which subgroup a study belongs")
    means: Literal["exchangeable", "independent"] = Field(
        "exchangeable",
        description="means that inform each other, with standard deviation omega, or do not",
    )
    tau: Literal["shared", "separate"] = Field(
        "shared", description="one heterogeneity for all subgroups, or one for each"
    )


class Moderators(Section):
    """``[model.moderators]``: what the mean of the true effects depends on."""

    formula: str = Field(description="columns and their interactions, as in year + dose")
    centre: bool = Field(
        True, description="numbers as differences from their mean, so that mu is of a typical study"
    )
    scale: bool = Field(False, description="numbers, and their priors, in standard deviations")
    reference: dict[str, str] = Field(
        {}, description="the level of a column with which its others are compared"
    )
    at: list[dict[str, float | str]] = Field(
        [], description="values of the columns at which effects are predicted"
    )


class Time(Section):
    """``[model.time]``: the mean of the true effects over time."""

    column: str = Field(description="the column that says when the effect was measured")
    effects: Literal["free", "linear", "random-walk"] = Field(
        "free", description="a mean for each time, a straight line, or a smooth curve"
    )


class Model(Section):
    """``[model]``: likelihood, heterogeneity and design."""

    likelihood: str = Field("normal", description="distribution of the data given theta")
    heterogeneity: str = Field("normal", description="distribution of theta around mu")
    baseline: Literal["independent", "exchangeable"] = Field(
        "independent", description="how the baselines of two-arm studies with counts vary"
    )
    contrast: Literal["half", "treatment"] = Field(
        "half",
        description="a baseline is midway between the arms, which are half of theta above and "
        "below, or that of the control arm",
    )
    nu: float = Field(
        4.0,
        ge=1,
        le=1000,
        description="degrees of freedom of student-t heterogeneity, where they have no prior",
    )
    cluster: str | None = Field(
        None, description="the column that says which rows are results of one study"
    )
    rho: float | None = Field(
        None,
        ge=0,
        lt=1,
        description="correlation of the sampling errors of results of one study, where it has no "
        "prior",
    )
    subgroup: Subgroup | None = Field(None, description="a mean for each subgroup")
    moderators: Moderators | None = Field(None, description="what the mean depends on")
    time: Time | None = Field(None, description="the mean over time")

    @field_validator("subgroup", "moderators", "time", mode="before")
    @classmethod
    def _named(cls, value: object, info: ValidationInfo) -> object:
        """A column, or a formula, alone stands for the table that holds it."""
        key = "formula" if info.field_name == "moderators" else "column"
        return {key: value} if isinstance(value, str) else value


class Priors(Section):
    """``[priors]``: one expression a parameter; the default depends on the measure."""

    mu: str | None = Field(None, description="prior of the pooled effect, analysis scale")
    tau: str | None = Field(None, description="prior of the standard deviation of the effects")
    alpha: str | None = Field(
        None, description="prior of the baselines of the studies, logit or log rate"
    )
    alpha_mean: str | None = Field(None, description="prior of the mean of exchangeable baselines")
    alpha_sd: str | None = Field(
        None, description="prior of the standard deviation of exchangeable baselines"
    )
    rho: str | None = Field(
        None,
        description="prior of the intraclass correlation of the beta-binomial likelihood, or of "
        "the correlation of the sampling errors of results of one study",
    )
    beta: str | dict[str, str] | None = Field(
        None, description="priors of the coefficients of moderators: one for all, or by term"
    )
    omega: str | None = Field(
        None, description="prior of the standard deviation between subgroup means"
    )
    tau_within: str | None = Field(
        None, description="prior of the standard deviation within studies, where nested"
    )
    nu: str | None = Field(None, description="prior of the degrees of freedom of student-t")
    p_outlier: str | None = Field(None, description="prior of the share of outlying studies")
    tau_outlier: str | None = Field(
        None, description="prior of the additional standard deviation of outlying studies"
    )


class Engine(Section):
    """``[engine]``: how the posterior is computed."""

    name: str = Field("nuts", description="nuts or quadrature")
    sampler: Literal["nutpie", "pymc", "numpyro", "blackjax"] = Field(
        "nutpie", description="which implementation of NUTS"
    )
    chains: int = Field(4, ge=2, le=64, description="number of chains")
    draws: int = Field(2000, ge=100, le=1_000_000, description="draws a chain, after tuning")
    tune: int = Field(1000, ge=100, le=1_000_000, description="tuning steps a chain")
    target_accept: Annotated[float, Field(ge=0.5, lt=1)] = Field(
        _TARGET_ACCEPT, description="acceptance rate aimed at"
    )
    theta: Literal["integrated", "sampled"] = Field(
        "integrated", description="integrate the study effects out where exact, or sample them"
    )
    seed: int = Field(20261122, ge=0, lt=2**32, description="seed of every random number")


class Interval(Section):
    """``[interval]``: the intervals that are reported."""

    prob: Probability = Field(0.95, description="probability inside")
    kind: Literal["eti", "hdi"] = Field("eti", description="equal-tailed or highest-density")


class Labels(Section):
    """``[labels]``: what the arms are called in plots."""

    treatment: str = Field("treatment", description="group 1")
    control: str = Field("control", description="group 2")


class Sensitivity(Section):
    """``[sensitivity]``: other ways to do the analysis, for ``bayesmeta sensitivity``."""

    tau: list[str] | None = Field(None, description="other priors of tau; found by itself")
    mu: list[str] | None = Field(None, description="other priors of mu; found by itself")
    r: list[Annotated[float, Field(gt=-1, lt=1)]] = Field(
        [], description="other correlations of paired data"
    )
    pairs: bool = Field(True, description="other priors of mu and tau at the same time too")
    leave_one_out: bool = Field(True, description="without each study in turn")
    cumulative: bool = Field(True, description="as of each year, where there is a column year")
    effect_variants: bool = Field(True, description="other rules for empty cells, formulas of SMD")
    tipping: bool = Field(True, description="how far priors move before the conclusion changes")
    power_scaling: bool = Field(True, description="ArviZ's power-scaling of prior and likelihood")


class Published(Section):
    """``[compare] published``: a result that was printed elsewhere."""

    estimate: float = Field(description="the pooled effect, display scale")
    lower: float = Field(description="lower end of its interval, display scale")
    upper: float = Field(description="upper end of its interval, display scale")
    decimals: int | None = Field(
        None,
        ge=0,
        le=15,
        description="decimals that are printed, if zeros at the end are among them",
    )
    level: Probability = Field(0.95, description="level of the interval")
    measure: str | None = Field(None, description="its measure, where it is another")
    tau2: float | None = Field(None, ge=0, description="variance of the true effects")
    i2: float | None = Field(None, ge=0, le=100, description="I², in percent")
    source: str = Field("", description="where it was printed")


class Compare(Section):
    """``[compare]``: what ``bayesmeta compare`` puts the fit beside."""

    published: Published | None = Field(None, description="a result that was printed elsewhere")
    method: Literal["MH", "IV", "PETO"] | None = Field(
        None, description="how RevMan pools: Mantel-Haenszel, inverse variance or Peto; its default"
    )


class Spec(Section):
    """One analysis: what to read, which effect, which model, which priors."""

    title: str = Field("", description="what the analysis is about")
    question: str = Field("", description="what is asked, in a sentence or two, for the report")
    data: Data = Data()
    effect: Effect
    model: Model = Model()
    priors: Priors = Priors()
    engine: Engine = Engine()
    interval: Interval = Interval()
    labels: Labels = Labels()
    sensitivity: Sensitivity = Sensitivity()
    compare: Compare = Compare()
