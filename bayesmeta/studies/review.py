"""A systematic review as RevMan keeps it: outcomes, their studies, and what RevMan computed."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bayesmeta.errors import SpecError, brief, did_you_mean
from bayesmeta.studies.risk_of_bias import RISK_OF_BIAS, Judgement, judgements_of_outcome

__all__ = [
    "METHODS",
    "Kind",
    "Method",
    "Outcome",
    "Review",
    "Settings",
    "Stored",
    "StudyRows",
    "Subgroup",
]

Kind = Literal["dichotomous", "continuous", "inverse variance", "O-E and variance"]
"""The types of outcome that RevMan pools."""

_TOTALS = ("total_treatment", "total_control")
_USED: Mapping[Kind, tuple[str, ...]] = MappingProxyType(
    {
        "dichotomous": ("events_treatment", "events_control", *_TOTALS),
        "continuous": ("mean_treatment", "sd_treatment", "mean_control", "sd_control", *_TOTALS),
        "inverse variance": ("effect", "std_error", *_TOTALS),
        "O-E and variance": ("effect", "std_error", *_TOTALS),
    }
)
"""The numbers that an analysis of each kind uses."""

_LEAST = {"total": 1.0, "sd": np.finfo(float).tiny}
"""The least numbers with which a study is estimable."""

Stored = Mapping[str, float]
"""Numbers that RevMan computed, by name; only those that the file holds.

``effect``, ``lower``, ``upper`` (display scale), ``log10_effect``, ``log10_lower``,
``log10_upper`` (base ten), ``std_error`` (analysis scale, natural logarithm), ``weight``
(percent), ``z``, ``t``, ``p_effect``; ``chi2``, ``df``, ``p_chi2``, ``i2`` (percent), ``tau2``,
``tau2_lower``, ``tau2_upper``; ``prediction_lower``, ``prediction_upper``; the test for subgroup
differences ``subgroup_chi2``, ``subgroup_df``, ``subgroup_p``, ``subgroup_i2``; the sums
``events_treatment``, ``total_treatment``, ``events_control``, ``total_control``; ``studies``;
``o_e`` and ``variance`` of a study.
"""


Method = Literal["MH", "IV", "PETO"]
"""How RevMan pools."""

METHODS: Mapping[Method, str] = MappingProxyType(
    {"MH": "Mantel-Haenszel", "IV": "inverse variance", "PETO": "Peto"}
)
"""The methods in words."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """How RevMan was told to analyse an outcome.

    Attributes
    ----------
    measure : str
        Code of the measure, as in `bayesmeta.measures.MEASURES`.
    measure_text : str
        What the file calls it, such as ``"Ratio of means"``.
    method : Method
        How studies are pooled.
    random : bool
        Random effects; else a common effect, which RevMan calls fixed.
    totals, subtotals : bool
        Whether there are pooled results of all studies, and of each subgroup.
    subgroup_test : bool
        Whether subgroups are tested for differences.
    swap_events : bool
        Whether non-events are analysed instead of events.
    log_data : bool
        Whether estimates were entered as logarithms.
    study_level, level : float
        Levels of the intervals of studies, and of pooled results.
    estimator : {"DL", "REML"}
        How tau² is estimated.
    interval : {"Wald", "HKSJ"}
        How the interval of the pooled effect is made.
    prediction : bool
        Whether there is a prediction interval.
    i2_from_tau2 : bool
        Whether I² follows from tau² (RevMan since 2025) or from Q.
    """

    measure: str
    measure_text: str
    method: Method
    random: bool
    totals: bool = True
    subtotals: bool = True
    subgroup_test: bool = True
    swap_events: bool = False
    log_data: bool = False
    study_level: float = 0.95
    level: float = 0.95
    estimator: Literal["DL", "REML"] = "DL"
    interval: Literal["Wald", "HKSJ"] = "Wald"
    prediction: bool = False
    i2_from_tau2: bool = False


@dataclass(frozen=True, kw_only=True)
class StudyRows:
    """The studies of an outcome, one entry a row of the file.

    Attributes
    ----------
    study : tuple of str
        Names, which may be repeated.
    year : array of float
        NaN where it is not known.
    subgroup : array of int
        Place of the row's subgroup in `Outcome.subgroups`; -1 for none.
    in_total : array of bool
        Whether the row counts in the pooled result of all studies.
    numbers : mapping of str to array
        What was entered, under the names of `bayesmeta.studies.COLUMNS`, without swapping events:
        ``events_*`` and ``total_*``; ``mean_*``, ``sd_*`` and ``total_*``; ``effect`` and
        ``std_error`` (as entered: logarithms where `Settings.log_data`); or ``o_e`` and
        ``variance``. NaN where the file has no number.
    stored : mapping of str to array
        What RevMan computed (see `Stored`), NaN where the file has no number.
    estimable : array of bool
        What RevMan said; True where the file does not say.
    row : array of int
        Row or line of the file, for messages; 0 where it is not known.
    """

    study: tuple[str, ...]
    year: NDArray[np.float64]
    subgroup: NDArray[np.int64]
    in_total: NDArray[np.bool_]
    numbers: Mapping[str, NDArray[np.float64]]
    stored: Mapping[str, NDArray[np.float64]]
    estimable: NDArray[np.bool_]
    row: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.study)


@dataclass(frozen=True, kw_only=True)
class Subgroup:
    """A subgroup: its name, and its pooled result where the file has one."""

    name: str
    stored: Stored = MappingProxyType({})


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """One analysis of a review.

    Attributes
    ----------
    review : str
        Identifier of the review, where a file holds several; else "".
    comparison, number : int
        As in "1.2": the second outcome of the first comparison.
    comparison_name, name : str
    kind : Kind
    settings : Settings or None
        None where the file does not say, as a file of data rows alone.
    rows : StudyRows
    subgroups : tuple of Subgroup
        Empty where the outcome has none.
    stored : Stored
        The pooled result of all studies; empty where the file has none.
    treatment, control : str
        Names of the arms; "" where the file does not say.
    favours : (str, str)
        What stands below the axis of the forest plot, left and right.
    """

    comparison: int
    number: int
    comparison_name: str
    name: str
    kind: Kind
    settings: Settings | None
    rows: StudyRows
    subgroups: tuple[Subgroup, ...] = ()
    stored: Stored = MappingProxyType({})
    treatment: str = ""
    control: str = ""
    favours: tuple[str, str] = ("", "")
    review: str = ""

    @property
    def analysis(self) -> str:
        """As in ``"1.2"``, with the review before it where a file holds several."""
        number = f"{self.comparison}.{self.number}"
        return f"{self.review}:{number}" if self.review else number

    def analysed(self, settings: Settings | None = None) -> dict[str, NDArray[np.float64]]:
        """The numbers that are analysed: non-events where events are swapped.

        NaN stands for arms without participants and for standard deviations of 0: RevMan calls
        their studies not estimable.

        Parameters
        ----------
        settings
            Those of the outcome where they are not given.
        """
        numbers = {
            name: np.where(values < _LEAST.get(name.partition("_")[0], -np.inf), np.nan, values)
            for name, values in self.rows.numbers.items()
        }
        settings = settings or self.settings
        if settings is not None and settings.swap_events:
            for arm in ("treatment", "control"):
                total, events = numbers[f"total_{arm}"], numbers[f"events_{arm}"]
                numbers[f"events_{arm}"] = total - events
        return numbers

    @property
    def participants(self) -> int:
        """All arms of all rows that count in the total; 0 where the file does not say."""
        totals = [self.rows.numbers.get(f"total_{arm}") for arm in ("treatment", "control")]
        known = [np.nansum(total[self.rows.in_total]) for total in totals if total is not None]
        return int(sum(known))


@dataclass(frozen=True, kw_only=True)
class Review:
    """A file of RevMan.

    Attributes
    ----------
    file : Path
    title : str
    outcomes : tuple of Outcome
    decimals : int or None
        Decimals to which the file stores what RevMan computed; None for full precision.
    left_out : tuple of (str, str)
        Outcomes that cannot be analysed, such as text, and why.
    risk_of_bias : tuple of Judgement
    sha256 : str
        Hash of the file's bytes.
    """

    file: Path
    title: str
    outcomes: tuple[Outcome, ...]
    decimals: int | None
    left_out: tuple[tuple[str, str], ...] = ()
    risk_of_bias: tuple[Judgement, ...] = ()
    sha256: str = field(default="", repr=False)

    def __iter__(self) -> Iterator[Outcome]:
        return iter(self.outcomes)

    def outcome(self, analysis: str) -> Outcome:
        """The outcome with a number such as ``"1.2"``.

        Raises
        ------
        SpecError
            There is none; the hint names the nearest.
        """
        known = {outcome.analysis: outcome for outcome in self.outcomes}
        if analysis not in known:
            raise SpecError(
                f"the review has no analysis {brief(analysis)}",
                file=self.file,
                key="data.analysis",
                hint=did_you_mean(analysis, known),
            )
        return known[analysis]

    def frame(self, outcome: Outcome, *, group: int = -1) -> pd.DataFrame:
        """The rows of an outcome that count in its total, as `study_table` takes them.

        Parameters
        ----------
        outcome
            One of the review.
        group
            The place of a subgroup whose rows are taken instead; -1 for the total.

        Returns
        -------
        pandas.DataFrame
            Columns ``study``, ``year`` where it is known, ``subgroup`` where there are any, and
            the numbers that are analysed, events swapped where RevMan swaps them; estimates from
            O-E and variance are ``effect`` and ``std_error``. The index is ``row``, the row in
            the file, where that is known; ``attrs["risk_of_bias"]`` holds the judgements of the
            studies, by domain.
        """
        rows, numbers = outcome.rows, outcome.analysed()
        if outcome.kind == "O-E and variance":
            with np.errstate(divide="ignore", invalid="ignore"):
                numbers["effect"] = numbers["o_e"] / numbers["variance"]
                numbers["std_error"] = 1 / np.sqrt(numbers["variance"])
        numbers = {name: numbers[name] for name in _USED[outcome.kind] if name in numbers}
        columns: dict[str, object] = {"study": list(rows.study)}
        if np.isfinite(rows.year).any():
            columns["year"] = rows.year
        if outcome.subgroups:
            names = [group.name for group in outcome.subgroups]
            columns["subgroup"] = [names[i] if i >= 0 else "" for i in rows.subgroup]
        included = rows.in_total if group < 0 else rows.subgroup == group
        index = pd.Index(rows.row, name="row") if rows.row.all() else None
        frame = pd.DataFrame(columns | numbers, index=index)[included]
        judged, unknown = judgements_of_outcome(
            self.risk_of_bias, analysis=outcome.analysis, name=outcome.name, studies=frame["study"]
        )
        warnings = [
            f"Risk of bias: {brief(word)} is no judgement that is known, and is left out."
            for word in unknown
        ]
        frame.attrs = {"file": self.file, "warnings": tuple(warnings), RISK_OF_BIAS: judged}
        return frame
