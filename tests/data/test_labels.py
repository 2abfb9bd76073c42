"""Tables as people have them, and every way in which one can be wrong."""

import unicodedata

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from helpers.data.datasets import DataError, MultilabelDataset
from helpers.data.labels import read_label_table

GOOD = "file,sea,trees\na.png,1,0\nb.png,0,1\nsub/c.png,1,1\nd.png,0,0\n"
LABELS = [[1, 0], [0, 1], [1, 1], [0, 0]]


@pytest.fixture
def photos(tmp_path):
    """Five images in tmp_path/photos, one of them in a sub-folder, one of them broken."""
    folder = tmp_path / "photos"
    (folder / "sub").mkdir(parents=True)
    for shade, name in enumerate(("a.png", "b.png", "sub/c.png", "d.png")):
        Image.effect_noise((12 + shade, 9), 50).convert("RGB").save(folder / name)
    (folder / "half.png").write_bytes((folder / "a.png").read_bytes()[:150])
    Image.new("RGB", (8, 8)).save(tmp_path / "outside.png")
    return folder


def dataset(photos, content, **options):
    table = photos.parent / "labels.csv"
    table.write_bytes(content if isinstance(content, bytes) else content.encode())
    return MultilabelDataset(table, photos, **options)


SPELLINGS = {
    "mark": GOOD.encode("utf-8-sig"),
    "semicolons": GOOD.replace(",", ";").encode("utf-8-sig"),
    "tabs, UTF-16": GOOD.replace(",", "\t").encode("utf-16"),
    "Windows": GOOD.replace("\n", "\r\n"),
    "old Mac": GOOD.replace("\n", "\r"),
    "no last line end": GOOD.rstrip("\n"),
    "floats": GOOD.replace("1", "1.0").replace(",0", ",0.0"),
    "words": GOOD.replace("1", "TRUE").replace("0", "False"),
    "spaces": GOOD.replace(",", " ,  ").replace("\n", " \n"),
    "quotes": GOOD.replace("a.png", '"a.png"'),
    "path": GOOD.replace("sub/", "./sub//"),
    "backslash": GOOD.replace("sub/", "sub\\"),
    "empty last column": GOOD.replace("\n", ",\n"),
    "blank rows": GOOD.replace("\n", "\n,,\n\n"),
    "Excel's sep line": "sep=;\n" + GOOD.replace(",", ";"),
    "Excel's sep line, Windows": "sep=,\r\n" + GOOD.replace("\n", "\r\n"),
    "the folder's own name": "\n".join(
        line if line.startswith("file") else f"photos/{line}" for line in GOOD.splitlines()
    ),
    "Latin-1": GOOD.replace("sea", "café").encode("latin-1"),
}


@pytest.mark.parametrize("content", SPELLINGS.values(), ids=SPELLINGS)
def test_what_spreadsheets_write_is_read_silently(photos, content):
    lines = []
    data = dataset(photos, content, log=lines.append)
    assert data.labels.tolist() == LABELS and not lines
    assert data.classes in (["sea", "trees"], ["café", "trees"])
    assert [p.name for p in data.paths] == ["a.png", "b.png", "c.png", "d.png"]


BAD_ROWS = {
    "missing image": ("e.png,1,0", "row 3: no 'e.png' in .*add it, or remove the row"),
    "other case": ("B.PNG,1,0", "row 3: no 'B.PNG' in .*there is 'b.png'; write the name"),
    "other ending": ("b.jpg,1,0", "row 3: no 'b.jpg' in .*there is 'b.png'"),
    "no ending": ("b,1,0", "row 3: no 'b' in .*there is 'b.png'"),
    "a folder": ("sub,1,0", "row 3: no 'sub' in "),
    "repeated": ("a.png,1,0", "row 3: 'a.png' was in row 2 already, with the same labels"),
    "contradiction": ("./a.png,0,1", "row 3: 'a.png' was in row 2 already, with other labels"),
    "two": ("b.png,2,0", "row 3, column 'sea': '2' is not 0 or 1; write 1 where"),
    "yes": ("b.png,0,yes", "row 3, column 'trees': 'yes' is not 0 or 1"),
    "half": ("b.png,0.5,0", "row 3, column 'sea': '0.5' is not 0 or 1"),
    "minus": ("b.png,-1,0", "row 3, column 'sea': '-1' is not 0 or 1"),
    "nan": ("b.png,nan,0", "row 3, column 'sea': 'nan' is not 0 or 1"),
    "blank": ("b.png, ,0", "row 3, column 'sea': the cell is empty; write 1"),
    "no name": (",1,0", "row 3: the file's name is missing"),
    "short": ("b.png,1", "row 3: 2 cells, but the header has 3"),
    "long": ("b.png,1,0,1", "row 3: 4 cells, but the header has 3"),
    "too long": (f"{'x' * 999}/{'y' * 999}.png,1,0", "row 3: no 'xxx.*add it, or remove the row"),
    "up": ("../outside.png,1,0", "row 3: '../outside.png' leads out of the images' folder"),
    "up and down": ("sub/../../outside.png,1,0", "row 3: .*leads out of the images' folder"),
    "up, Windows": ("..\\outside.png,1,0", "row 3: .*leads out of the images' folder"),
    "absolute": ("/tmp/outside.png,1,0", "row 3: '/tmp/outside.png' leads out"),
    "drive": ("C:\\outside.png,1,0", "row 3: .*leads out of the images' folder"),
    "truncated": ("half.png,1,0", "row 3: .*half.png: .*truncated"),
}


@pytest.mark.parametrize(("row", "words"), BAD_ROWS.values(), ids=BAD_ROWS)
def test_a_bad_row_is_told_or_left_out(photos, row, words):
    content = GOOD.replace("\nb.png", f"\n{row}\nb.png")
    with pytest.raises(DataError, match=words) as caught:
        dataset(photos, content)
    message = str(caught.value)
    assert message.startswith(f"{photos.parent / 'labels.csv'}, row 3") and "\n" not in message
    assert message.endswith(".") and message.count(". ") == 0

    lines = []
    data = dataset(photos, content, strict=False, log=lines.append)
    assert data.labels.tolist() == LABELS and len(data) == len(data.reports) == 4
    assert [r.problem for r in data.skipped] == [message]
    assert lines == [f"skipped 1 of 5 rows of {data.csv}:\n  {message.split('.csv, ', 1)[1]}"]


def test_delimiters_in_quotes_are_text(photos):
    data = dataset(photos, 'file;"sea, calm, blue";trees\n"a.png";1;1\nb.png;0;1\n')
    assert data.classes == ["sea, calm, blue", "trees"] and data.labels.tolist() == [[1, 1], [0, 1]]


BAD_TABLES = {
    "empty": (b"", ": the table is empty"),
    "blank": (b"\n ,\n", ": the table is empty"),
    "only a header": ("file,sea,trees\n", ": there is no row below the header"),
    "no header": (GOOD.partition("\n")[2], "row 1: there is no header; write one above"),
    "two of a name": ("file,sea, sea\na.png,1,1\n", "row 1: two columns are named 'sea'"),
    "no label": ("file\na.png\n", "row 1: there is no label column beside 'file'"),
    "other delimiter": ("file|sea\na.png|1\n", r"row 1: .*beside 'file\|sea'.*commas"),
    "nameless": ("file,,sea\na.png,1,1\n", "row 1: column 2 has no name"),
    "row numbers": (",file,sea\n0,a.png,1\n", "row 2, column 'file': .*must be the first column"),
    "never": ("file,sea,trees\na.png,0,1\nb.png,0,1\n", "column 'sea': no usable row has a 1"),
    "workbook": (b"PK\x03\x04\x14\0\0\0", ": this is no text, whatever its name says"),
    "one long line": ("file " * 50_000, "row 1: .*a quote left open"),
    "open quote": ('file,sea\n"a.png,1\n' + "b.png,1\n" * 20_000, "row 2: .*a quote left open"),
    "short open quote": ('file,sea\n"a.png,1\nb.png,1\n', "row 2: .*a quote left open"),
    "no endings": ("file,sea\na,1\nb,0\n", "row 2: no 'a' in .*there is 'a.png'; write"),
    "another folder": (
        "file,sea\n1.png,1\n2.png,0\n",
        "row 2: no '1.png' in .*table's 2 files; give",
    ),
}


@pytest.mark.parametrize("strict", [True, False])
@pytest.mark.parametrize(("content", "words"), BAD_TABLES.values(), ids=BAD_TABLES)
def test_a_table_that_is_none_is_told_in_a_sentence(photos, content, words, strict):
    with pytest.raises(DataError, match=words) as caught:
        dataset(photos, content, strict=strict, log=lambda text: None)
    assert str(caught.value).startswith(f"{photos.parent / 'labels.csv'}")
    assert "\n" not in str(caught.value) and str(caught.value)[-1] in ".?"


def test_a_table_or_a_folder_that_is_not_there(photos):
    with pytest.raises(DataError, match=r"none\.csv: there is no such table"):
        MultilabelDataset(photos / "none.csv", photos)
    with pytest.raises(DataError, match=r"photos: this is a folder; give the CSV"):
        MultilabelDataset(photos, photos / "labels.csv")
    dataset(photos, GOOD)
    with pytest.raises(DataError, match=r"nowhere: there is no such folder"):
        MultilabelDataset(photos.parent / "labels.csv", photos / "nowhere")


def test_no_usable_row_is_told_with_the_first_problem(photos):
    with pytest.raises(DataError, match="row 2, column 'sea': 'x' is not 0 or 1"):
        dataset(photos, "file,sea\na.png,x\nb.png,y\n", strict=False)


def test_good_rows_stay_aligned_with_their_labels_among_bad_ones(photos):
    rows = ["x.png,1,1", "d.png,0,0", "half.png,1,1", "b.png,0,1", "b.png,1,1", "a.png,1,0", ",1,1"]
    lines = []
    content = "\n".join(["file,sea,trees", *rows])
    data = dataset(photos, content, strict=False, log=lines.append)
    assert [p.name for p in data.paths] == ["d.png", "b.png", "a.png"]
    assert data.labels.tolist() == [[0, 0], [0, 1], [1, 0]]
    assert [line.split(":")[0] for line in lines[0].split("\n  ")[1:]] == [
        "row 2",
        "row 4",
        "row 6",
        "row 8",
    ]


def test_a_repeated_file_may_follow_a_bad_row_of_its_own(photos):
    content = "file,sea\na.png,?\na.png,1\n"
    assert len(dataset(photos, content, strict=False, log=lambda text: None)) == 1


def test_an_accent_is_found_however_the_disk_spells_it(photos):
    name = unicodedata.normalize("NFD", "müll.png")
    Image.new("RGB", (8, 8)).save(photos / name)
    data = dataset(photos, f"file,sea\n{unicodedata.normalize('NFC', name)},1\n")
    assert len(data) == 1 and data[0][0].shape == (8, 8, 3)
    data = dataset(photos, "file,sea\nmüll.png,1\n".encode("latin-1"))
    assert len(data) == 1


def test_columns_follow_the_training_tables_labels(photos):
    lines = []
    data = dataset(
        photos, "file,trees,sea\na.png,1,0\nb.png,1,0\n", classes=["sea", "trees"], log=lines.append
    )
    assert data.classes == ["sea", "trees"] and data.labels.tolist() == [[0, 1], [0, 1]]
    assert len(lines) == 1 and "no image has sea" in lines[0]
    with pytest.raises(DataError, match=r"row 1: there is no column 'ice', only sea, trees"):
        dataset(photos, GOOD, classes=["sea", "trees", "ice"])
    with pytest.raises(DataError, match=r"row 1: the column 'trees' is none of the labels sea;"):
        dataset(photos, GOOD, classes=["sea"])
    with pytest.raises(DataError, match=r"no column 'sea', only Sea, trees"):
        dataset(photos, GOOD.replace("sea", "Sea"), classes=["sea", "trees"])


@settings(max_examples=60, deadline=None)
@given(
    values=st.lists(
        st.lists(st.sampled_from(["0", "1", " 1.0", "0. ", "True", "FALSE"]), min_size=3,
                 max_size=3), min_size=1, max_size=8,
    ),
    delimiter=st.sampled_from(",;\t"),
    ending=st.sampled_from(["\n", "\r\n", "\r"]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "latin-1"]),
    order=st.permutations(["sea", "trees", "größe"]),
)  # fmt: skip
def test_any_spelling_of_one_table_reads_the_same(
    tmp_path_factory, values, delimiter, ending, encoding, order
):
    lines = [["file", "sea", "trees", "größe"]]
    lines += [[f"{i}.jpg", *row] for i, row in enumerate(values)]
    table = tmp_path_factory.mktemp("tables") / "labels.csv"
    table.write_bytes(ending.join(map(delimiter.join, lines)).encode(encoding))
    classes, rows = read_label_table(table, order)
    expected = np.array([[v.strip().lower() in ("1.0", "1", "true") for v in r] for r in values])
    columns = [lines[0].index(name) - 1 for name in order]
    assert classes == list(order) and [r.file for r in rows] == [r[0] for r in lines[1:]]
    assert np.array_equal([r.labels for r in rows], expected[:, columns])
    assert [r.number for r in rows] == list(range(2, len(values) + 2))
