"""Small files as RevMan writes them, made up, with every part that the readers look at."""

import io
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest

REVIEW = """<?xml version="1.0" encoding="UTF-8" standalone="no"?>
<COCHRANE_REVIEW ID="1" TYPE="INTERVENTION" REVMAN_VERSION="5" MODIFIED_BY="Secret Person">
<COVER_SHEET><TITLE>Tea &amp; <I>sleep</I></TITLE>
<CREATORS><PERSON ID="P1"><FIRST_NAME>Secret</FIRST_NAME><EMAIL_1>secret@example.org</EMAIL_1>
</PERSON></CREATORS></COVER_SHEET>
<STUDIES_AND_REFERENCES><STUDIES><INCLUDED_STUDIES>
<STUDY ID="STD-Ada-2001" NAME="Ada  2001" YEAR="2001"/>
<STUDY ID="STD-B_x00f6_-2002" NAME="Bö 2002" YEAR="2002a"/>
</INCLUDED_STUDIES><EXCLUDED_STUDIES><STUDY ID="STD-Cy" NAME="Cy" YEAR=""/></EXCLUDED_STUDIES>
</STUDIES></STUDIES_AND_REFERENCES>
<QUALITY_ITEMS><QUALITY_ITEM ID="QIT-01" LEVEL="GROUP" NO="1"><NAME>Blinding</NAME>
<QUALITY_ITEM_DATA>
<QUALITY_ITEM_DATA_ENTRY GROUP_ID="QIG-01.01" RESULT="YES" STUDY_ID="STD-Ada-2001">
<DESCRIPTION><P>Secret reason.</P></DESCRIPTION></QUALITY_ITEM_DATA_ENTRY>
<QUALITY_ITEM_DATA_ENTRY RESULT="NO" STUDY_ID="STD-Cy"/>
<QUALITY_ITEM_DATA_ENTRY RESULT="UNKNOWN" STUDY_ID="STD-Unlisted"/>
</QUALITY_ITEM_DATA>
<QUALITY_ITEM_DATA_ENTRY_GROUP ID="QIG-01.01" NO="1"><NAME>Deaths</NAME>
</QUALITY_ITEM_DATA_ENTRY_GROUP></QUALITY_ITEM></QUALITY_ITEMS>
<ANALYSES_AND_DATA CALCULATED_DATA="YES">
<COMPARISON ID="CMP-001" NO="1"><NAME>Tea</NAME>
<DICH_OUTCOME ID="CMP-001.01" NO="1" METHOD="MH" EFFECT_MEASURE="RR" RANDOM="YES" TOTALS="YES"
 SUBGROUPS="YES" SUBGROUP_TEST="NO" SWAP_EVENTS="YES" CI_STUDY="95" CI_TOTAL="90"
 EFFECT_SIZE="0.5" CI_START="0.25" CI_END="1.0" LOG_EFFECT_SIZE="-0.3" ESTIMABLE="YES"
 EVENTS_1="4" TOTAL_1="30" EVENTS_2="9" TOTAL_2="31" WEIGHT="100.0" STUDIES="2" Z="1.5"
 P_Z="0.13" CHI2="1.25" P_CHI2="0.26" DF="1" I2="20.0" TAU2="0.1" Q="0.5" P_Q="0.48" I2_Q="0.0"
 MODIFIED_BY="Secret Person"><NAME>Sleep</NAME><GROUP_LABEL_1>Tea</GROUP_LABEL_1>
<GROUP_LABEL_2>Water</GROUP_LABEL_2><GRAPH_LABEL_1>Favours tea</GRAPH_LABEL_1>
<GRAPH_LABEL_2>Favours water</GRAPH_LABEL_2>
<DICH_SUBGROUP ID="CMP-001.01.01" NO="1" EFFECT_SIZE="0.4" TAU2="NaN"><NAME>Green</NAME>
<DICH_DATA STUDY_ID="STD-Ada-2001" EVENTS_1="4" TOTAL_1="20" EVENTS_2="9" TOTAL_2="21" O_E="0.0"
 VAR="0.3" EFFECT_SIZE="0.46" SE="0.5" CI_START="0.2" CI_END="1.1" LOG_CI_START="-Infinity"
 WEIGHT="60.0" ESTIMABLE="YES"><FOOTNOTE>x</FOOTNOTE></DICH_DATA></DICH_SUBGROUP>
<DICH_SUBGROUP ID="CMP-001.01.02" NO="2"><NAME>Green</NAME>
<DICH_DATA STUDY_ID="STD-Dai_x002d_Eck-2004" EVENTS_1="0" TOTAL_1="10" EVENTS_2="0" TOTAL_2="10"
 EFFECT_SIZE="0.0" SE="0.0" WEIGHT="0.0" ESTIMABLE="NO"/>
<DICH_DATA STUDY_ID="STD-Cy" EVENTS_1="0" TOTAL_1="0" EVENTS_2="0" TOTAL_2="0"/></DICH_SUBGROUP>
</DICH_OUTCOME>
<CONT_OUTCOME ID="CMP-001.02" EFFECT_MEASURE="SMD" RANDOM="NO" TOTALS="SUB" EFFECT_SIZE="">
<NAME>Hours</NAME>
<CONT_DATA STUDY_ID="STD-Ada-2001" MEAN_1="7.5" SD_1="1.0" TOTAL_1="20" MEAN_2="-7.0" SD_2="0.0"
 TOTAL_2="21" EFFECT_SIZE="" SE="" CI_START="" CI_END="" WEIGHT=""/></CONT_OUTCOME>
<IV_OUTCOME ID="CMP-001.03" NO="3" RANDOM="YES" LOG_DATA="YES" TOTALS="NO">
<NAME>Time</NAME><EFFECT_MEASURE>Hazard Ratio</EFFECT_MEASURE>
<IV_DATA STUDY_ID="STD-B_x00f6_-2002" ESTIMATE="-0.5" SE="0.25" EFFECT_SIZE="0.61" CI_START="0.37"
 CI_END="0.99" TOTAL_1="0" TOTAL_2="0"/></IV_OUTCOME>
</COMPARISON>
<COMPARISON ID="CMP-002" NO="2"><NAME>More</NAME>
<IPD_OUTCOME ID="CMP-002.01" NO="1"><NAME>Death</NAME>
<IPD_DATA STUDY_ID="STD-Ada-2001" O_E="-3.5" VAR="10.25" EVENTS_1="5" TOTAL_1="20" EVENTS_2="9"
 TOTAL_2="21" EFFECT_SIZE="0.71" SE="0.31"/></IPD_OUTCOME>
<OTHER_OUTCOME ID="CMP-002.02" NO="2"><NAME>Remarks</NAME></OTHER_OUTCOME>
<DICH_OUTCOME ID="CMP-002.03" NO="3" EFFECT_MEASURE="OR"><NAME>Nothing</NAME></DICH_OUTCOME>
</COMPARISON></ANALYSES_AND_DATA></COCHRANE_REVIEW>
"""

ROWS = (
    "Analysis group,Analysis number,Analysis name,Subgroup,Applicability,Study,Study year,"
    "GIV Mean,GIV SE,Experimental mean,Experimental SD,Experimental cases,Experimental N,"
    "Control mean,Control SD,Control cases,Control N,O-E,Variance,Weight,Mean,CI start,CI end,"
    "Footnotes\n"
    '1,1,Sleep,Green,SUBGROUP_AND_OVERALL,"Ada, 2001",2001,0.0,0.0,0.0,0.0,4,20,0.0,0.0,9,21,'
    "0.0,0.0,60.5,0.466667,0.169,1.288,\n"
    "1,1,Sleep,Black,SUBGROUP_ONLY,Bö 2002,,0.0,0.0,0.0,0.0,0,10,0.0,0.0,0,10,0.0,0.0,,,,,\n"
    "1,1,Sleep,,OVERALL_ONLY,Cy 2003,2003,0.0,0.0,0.0,0.0,1,10,0.0,0.0,2,10,"
    '0.0,0.0,39.5,0.5,0.05,4.7,"a ""note"""\n'
    "1,2,Hours,,,Ada 2001,2001,0.0,0.0,7.5,1.0,0,20,7.0,1.5,0,21,0.0,0.0,0,0,0,0,\n"
    "2,1,Time,,,Ada 2001,2001,-0.5,0.25,0.0,0.0,0,20,0.0,0.0,0,21,0.0,0.0,100.0,0.606531,0.3716,"
    "0.99,\n"
    "2,2,Death,,,Ada 2001,2001,0.0,0.0,0.0,0.0,0,20,0.0,0.0,0,21,-3.5,10.25,100.0,0.710757,0.385,"
    "1.311,\n"
)
SETTINGS_1 = (
    "Analysis group,Analysis number,Analysis name,Analysis group name,Data type,Log-scale data,"
    "Experimental intervention,Control group label,Statistical method,Effect measure,"
    "Analysis model,Subgroup estimates,Overall estimates,Test for subgroup differences,"
    "Swap event and non-event,Study CI,Estimate CI,Experimental cases,Experimental N,"
    "Control cases,Control N,Mean,CI start,CI end,Heterogeneity Tau²,Heterogeneity Chi²,"
    "Heterogeneity df,Heterogeneity P,Heterogeneity I²,Effect Z,Effect P,Subgroup Chi²,ID\n"
    "1,1,Sleep,Tea,Dichotomous,true,Tea,Water,MH,Risk Ratio,Random effect,true,true,true,false,"
    "95%,90%,5,30,11,31,0.47,0.2,1.2,0.05,0.01,1,0.9,0,1.5,0.13,0.5,x\n"
    "1,2,Hours,Tea,Continuous,false,,,IV,Standardized Mean Difference,Fixed effect,false,true,"
    "true,false,95%,95%,,20,,21,0,0,0,,0,0,0,0,0,0,,x\n"
    "2,1,Time,More,Contrast level,true,,,IV,Hazard Ratio,Fixed effect,,,,,,,0,20,0,21,0.606531,"
    "0.3716,0.99,,0,0,1,0,2.0,0.0455,,x\n"
    "2,2,Death,More,O-E and variance,true,,,EXP_O_E_VAR,Peto Odds Ratio,Fixed effect,true,true,"
    "true,,95%,95%,0,20,0,21,0.710757,0.385,1.311,,0,0,1,0,1.09,0.27,,x\n"
    "2,3,Empty,More,Dichotomous,false,,,MH,Odds Ratio,Fixed effect,,,,,,,,,,,,,,,,,,,,,,x\n"
)
SETTINGS_2 = (
    "Analysis group,Analysis number,Analysis name,Data type,Log-scale data,Statistical method,"
    "Effect measure,Analysis model,Heterogeneity estimator,Tau² CI,Prediction interval,CI method,"
    "CI/PI level,Graph label (left),Mean,CI start,CI end,PI start,PI end,Heterogeneity Tau²,"
    "Tau² CI start,Tau² CI end,Effect Z,Effect T,Effect P,ID\n"
    "1,1,Sleep,Dichotomous,false,IV,Odds Ratio,Random effect,REML,Q-Profile,true,HKSJ,90%,"
    "Favours tea,0.47,0.2,1.2,0.1,2.1,0.05,0.0,1.5,0.0,2.5,0.13,x\n"
)
SUBGROUPS = (
    "Analysis group,Analysis number,Subgroup,Subgroup number,Experimental cases,Experimental N,"
    "Control cases,Control N,Weight,Mean,CI start,CI end,Heterogeneity Tau²,Heterogeneity df,ID\n"
    "1,1,Black,1,0,10,0,10,,,,,,,x\n"
    "1,1,Green,2,4,20,9,21,60.5,0.466667,0.169,1.288,0.0,0,x\n"
)
BIAS = (
    "Study,Domain (judgement): Blinding,Domain (support): Blinding,Domain (judgement): Other\n"
    "Ada 2001,Low risk,Secret reason.,Some concerns\nCy 2003,High risk,,\n"
)
EXPORT = (
    "Comparison Number,Outcome Number,Subgroup Number,Name,Data Type,Statistical Method,"
    "Effect Measure,Analysis Model,Events 1,Mean 1,SD 1,Total 1,Events 2,Mean 2,SD 2,Total 2,"
    "O-E,Variance,Effect Estimate,SE,CI Start,CI End,Weight,Q,P(Q),I²(Q),Tau²,Z,P(Z),Qint,"
    "P(Qint),I²(Qint),df,Group Label 1,Group Label 2,Left Graph Label,Right Graph Label,"
    "Year of study,User defined order\n"
    "1,0,0,Tea" + "," * 35 + "\n"
    "1,1,0,Sleep,DIC,MH,RR,Random,5,,,30,11,,,31,,,0.47,,0.2,1.2,100,0.01,0.9,0,0.05,1.5,0.13,"
    "0.5,0.48,0,1,Tea,Water,Favours tea,Favours water,,\n"
    "1,1,1,Green,,,,,4,,,20,9,,,21,,,0.466667,,0.169,1.288,60.5" + "," * 16 + "\n"
    "1,1,1,Ada 2001,,,,,4,0,0,20,9,0,0,21,0,0,0.466667,0.517,0.169,1.288,60.5"
    + ","
    * 15
    + "2001,1\n"
    "1,1,2,Black,,,,,0,,,10,0,,,10" + "," * 23 + "\n"
    "1,1,2,Bö 2002,,,,,0,0,0,10,0,0,0,10,0,0,0,0,0,0,0" + "," * 15 + "2002,2\n"
    "1,2,0,Time,IV,IV,Hazard Ratio,Fixed,,,,,,,,,,,0.606531,,0.3716,0.99,100" + "," * 16 + "\n"
    "1,2,0,Ada 2001,,,,,0,0,0,20,0,0,0,21,0,0,0.60653066,0.25,0.37158,0.99003,100"
    + ","
    * 15
    + "2001,1\n"
    "1,3,0,Remarks,OTH" + "," * 34 + "\n"
)


@pytest.fixture(scope="session")
def review_xml() -> str:
    """A file of RevMan 5: five outcomes of four kinds, and two that cannot be analysed."""
    return REVIEW


@pytest.fixture(scope="session")
def package_tables() -> Mapping[str, str]:
    """The tables of a data package of version 1, and the settings of version 2."""
    return {
        "1-analysis-data/1-data-rows.csv": ROWS,
        "1-analysis-data/1-overall-estimates-and-settings.csv": SETTINGS_1,
        "1-analysis-data/1-subgroup-estimates.csv": SUBGROUPS,
        "1-study-data/1-risk-of-bias.csv": BIAS,
        "version 2": SETTINGS_2,
    }


@pytest.fixture(scope="session")
def export_csv() -> str:
    """The CSV that RevMan 5 exports: two outcomes, and one that cannot be analysed."""
    return EXPORT


@pytest.fixture(scope="session")
def revman_files() -> Path:
    """Real files of RevMan, which are not part of the project."""
    folder = Path(__file__).parents[3] / "shared" / "revman"
    if not folder.is_dir():
        pytest.skip("the files of real reviews are not here")
    return folder


def zipped(files: Mapping[str, str | bytes]) -> bytes:
    """A zip file."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


@pytest.fixture(scope="session", name="zipped")
def zip_files() -> object:
    """The function that makes a zip file of names and contents."""
    return zipped
