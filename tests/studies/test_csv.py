"""CSV files of every program and country become the same table of text."""

import codecs
from pathlib import Path

import pytest

from bayesmeta.errors import DataError, InputError
from bayesmeta.studies import read_csv, study_table

NAMES = "study,mean,note\n"


def written(folder: Path, content: str | bytes) -> Path:
    path = folder / "studies.csv"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def error_of(folder: Path, content: str | bytes) -> DataError:
    with pytest.raises(DataError) as caught:
        read_csv(written(folder, content))
    assert caught.value.file == folder / "studies.csv"
    return caught.value


# Encodings

FOREIGN = "study,mean\nMüller – José,1.5\n"


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(FOREIGN.encode(), id="UTF-8"),
        pytest.param(codecs.BOM_UTF8 + FOREIGN.encode(), id="UTF-8 with a mark"),
        pytest.param(FOREIGN.encode("utf-16"), id="UTF-16"),
        pytest.param(codecs.BOM_UTF16_BE + FOREIGN.encode("utf-16-be"), id="UTF-16 big-endian"),
        pytest.param(FOREIGN.encode("cp1252"), id="Windows-1252"),
    ],
)
def test_encodings(tmp_path: Path, content: bytes) -> None:
    frame = read_csv(written(tmp_path, content))
    assert list(frame.columns) == ["study", "mean"]
    assert list(frame["study"]) == ["Müller – José"]


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"PK\x03\x04\x14\x00\x06\x00", id="workbook"),
        pytest.param(b"\x89HDF\r\n\x1a\n\x00\x00", id="HDF5"),
        pytest.param(FOREIGN.encode("utf-16-le"), id="UTF-16 without a mark"),
        pytest.param(FOREIGN.encode("utf-32"), id="UTF-32"),
        pytest.param(b"study\x00,mean\n", id="null character"),
        pytest.param(b"study,mean\n\x81\x8d\x8f,1\n", id="no encoding at all"),
    ],
)
def test_files_that_are_no_text(tmp_path: Path, content: bytes) -> None:
    assert "this is not a text file" in str(error_of(tmp_path, content))


# Separators and decimal marks


@pytest.mark.parametrize(
    "content",
    [
        pytest.param('study,mean,note\nA,1.5,"x, y"\nB,1234.5,\n', id="comma"),
        pytest.param("study;mean;note\nA;1,5;x, y\nB;1.234,5;\n", id="semicolon, decimal comma"),
        pytest.param("study;mean;note\nA;1.5;x, y\nB;1,234.5;\n", id="semicolon, decimal point"),
        pytest.param("study\tmean\tnote\nA\t1,5\tx, y\nB\t1234,5\t\n", id="tab, decimal comma"),
        pytest.param("study|mean|note\nA|1.5|x, y\nB|1234.5|\n", id="bar"),
        pytest.param("sep=;\nstudy;mean;note\nA;1,5;x, y\nB;1234,5;\n", id="sep= line"),
        pytest.param("SEP=,\r\nstudy,mean,note\r\nA,1.5,'x'\r\nB,1234.5,\r\n", id="SEP= line"),
        pytest.param("study,mean,note\r\nA,1.5,x\r\nB,1234.5,y\r\n", id="lines of Windows"),
        pytest.param("study,mean,note\rA,1.5,x\rB,1234.5,y\r", id="lines of old Macs"),
        pytest.param('study,mean,note\nA,1.5,x\nB,"1,234.5",y', id="quoted thousands"),
        pytest.param("study;mean;note, remarks, all\nA;1,5;x\nB;1234,5;\n", id="commas in a name"),
        pytest.param('"study";"mean";"a\nnote"\nA;1,5;x\nB;1234,5;\n', id="lines in a name"),
    ],
)
def test_separators_and_decimal_marks(tmp_path: Path, content: str) -> None:
    frame = read_csv(written(tmp_path, content))
    assert list(frame.columns)[:2] == ["study", "mean"]
    assert list(frame.index) == [2, 3]
    assert list(study_table(frame)["mean"].to_numpy()) == [1.5, 1234.5]


def test_the_decimal_mark_can_be_given(tmp_path: Path) -> None:
    path = written(tmp_path, 'study,mean\nA,"1,5"\nB,"1,234"\n')
    assert list(study_table(read_csv(path, decimal=","))["mean"].to_numpy()) == [1.5, 1.234]


def test_in_doubt_a_comma_is_a_decimal_mark_and_the_reader_is_told(tmp_path: Path) -> None:
    table = study_table(read_csv(written(tmp_path, "study;total\nA;1,234\nB;12\n")))
    assert list(table["total"].to_numpy()) == [1.234, 12]
    (warning,) = table.attrs["warnings"]
    assert "'1,234' is read with a decimal comma" in warning
    assert 'set decimal = "."' in warning


@pytest.mark.parametrize("cell", ["1,5", "0,123", "0,045", "1,2345", "-0,5"])
def test_a_decimal_comma_in_a_comma_file_is_never_misread(tmp_path: Path, cell: str) -> None:
    path = written(tmp_path, f'study,mean\nA,1\n"Müller, 2001","{cell}"\n')
    with pytest.raises(DataError) as caught:
        study_table(read_csv(path))
    assert str(caught.value) == (
        f"{path}, row 3, study 'Müller, 2001', column 'mean': '{cell}' is not a number\n"
        "  The decimal mark is taken to be '.'; if it is ',', set decimal = \",\" under [data]."
    )


def test_one_column(tmp_path: Path) -> None:
    assert list(read_csv(written(tmp_path, "study\nA\nB\n"))["study"]) == ["A", "B"]


# Rows and columns


def test_rows_are_those_of_a_spreadsheet(tmp_path: Path) -> None:
    content = (
        '\n\nstudy,mean,note\nA,1,"two\nlines\nor three"\n\n,,\n   ,\t,\nB,2,"a ""quoted"" word"\n'
    )
    frame = read_csv(written(tmp_path, content))
    assert list(frame.index) == [4, 8]
    assert list(frame["note"]) == ["two\nlines\nor three", 'a "quoted" word']


def test_empty_columns_at_the_end(tmp_path: Path) -> None:
    frame = read_csv(written(tmp_path, "study,mean,,\nA,1,,,,\nB,2\n"))
    assert list(frame.columns) == ["study", "mean"]
    assert frame.to_numpy().tolist() == [["A", "1"], ["B", "2"]]


def test_empty_columns_between(tmp_path: Path) -> None:
    frame = read_csv(written(tmp_path, "study,,mean\nA,,1\n"))
    assert frame.to_numpy().tolist() == [["A", "1"]]


def test_row_numbers_of_r_and_pandas(tmp_path: Path) -> None:
    frame = read_csv(written(tmp_path, '"","study","mean"\n"1","A",1\n"2","B",2\n'))
    assert frame.to_numpy().tolist() == [["A", "1"], ["B", "2"]]


def test_a_header_alone_is_a_table_without_rows(tmp_path: Path) -> None:
    frame = read_csv(written(tmp_path, "study,mean\n"))
    assert list(frame.columns) == ["study", "mean"]
    with pytest.raises(DataError, match=r"studies\.csv: the table has no rows"):
        study_table(frame)


@pytest.mark.parametrize(
    ("content", "row", "said"),
    [
        pytest.param("", None, "the file is empty", id="empty"),
        pytest.param("\n ,,\n\t\n", None, "the file is empty", id="blank"),
        pytest.param(NAMES + "A,1,x\nB,1,x,y\n", 3, "4 cells where the header has 3", id="long"),
        pytest.param(NAMES + "A,1,5,\nB,1,5,6\n", 3, "4 cells", id="unquoted decimal comma"),
        pytest.param("study,mean,mean\nA,1,2\n", 1, "two columns are named 'mean'", id="repeated"),
        pytest.param("\nstudy,,x\nA,1,2\n", 2, "position 2 has no name", id="without name"),
        pytest.param(",mean\nA,1\n", 1, "position 1 has no name", id="names without name"),
        pytest.param(NAMES + 'A,1,x\nB,1,"x\n', 3, "unexpected end of data", id="open quote"),
        pytest.param(NAMES + 'A,1,"x\n1"\nB,1,"x" y\n', 3, "not a CSV file", id="text after quote"),
        pytest.param(NAMES + f"A,1,{'x' * 200_000}\n", 2, "field limit", id="endless cell"),
    ],
)
def test_files_that_are_no_table(tmp_path: Path, content: str, row: int | None, said: str) -> None:
    error = error_of(tmp_path, content)
    assert error.row == row
    assert said in str(error)


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="there is no such file"):
        read_csv(tmp_path / "nope.csv")


def test_a_large_file_is_read_in_no_time(tmp_path: Path) -> None:
    lines = "".join(f"Study {i % 100},{i}.5,some note\n" for i in range(20_000))
    table = study_table(read_csv(written(tmp_path, NAMES + lines)))
    assert len(set(table["study"].to_numpy())) == 20_000
