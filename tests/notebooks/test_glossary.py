"""The glossary: every link leads to an entry, every entry is in its place."""

import re

import pytest
from test_pages import anchors

from tools.environment import ROOT

FOLDER = ROOT / "notebooks"
SCRIPTS = sorted((FOLDER / "scripts").glob("*.py"))
TEXT = (FOLDER / "glossary.md").read_text(encoding="utf-8")
ENTRIES = re.findall(r"^## (.*)$", TEXT, re.M)


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_links_to_the_glossary_lead_to_an_entry_and_stand_at_first_use(path):
    text = path.read_text(encoding="utf-8")
    linked = re.findall(r"glossary\.md#([\w-]+)", text)
    assert linked, "link each term at its first use"
    assert set(linked) <= set(anchors(TEXT))


def test_entries_are_in_order_and_say_something():
    assert sorted(ENTRIES, key=str.lower) == ENTRIES and len(ENTRIES) > 40
    for entry in TEXT.split("\n## ")[1:]:
        assert len(entry.partition("\n")[2].strip()) > 30, entry


@pytest.mark.parametrize(
    "term",
    ["batch norm", "recall", "AdamW", "cosine schedule", "logit", "McNemar's test", "mAP", "mixup"],
)
def test_what_a_beginner_asks_for_is_there(term):
    assert term.lower() in [entry.lower() for entry in ENTRIES]
