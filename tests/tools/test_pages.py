"""Pages: links that lead somewhere, figures with captions, tables that tell what the code does."""

import re
from urllib.parse import unquote

import pytest

from helpers.data import AUGMENTATIONS
from tools.environment import ROOT
from tools.publish import FIGURES


def broken_links(page, root):
    """What a page's links, pictures and anchors get wrong, one line each."""
    text = page.read_text(encoding="utf-8")
    found = [f"a picture without alt text: {to}" for to in re.findall(r"!\[\]\((.*?)\)", text)]
    targets = re.findall(r"\]\(([^)]*)\)", text)
    targets += re.findall(r'(?:href|src|srcset)="([^"]*)"', text)
    for target in targets:
        path, _, anchor = target.partition("#")
        if re.match(r"\w+:", target):
            continue
        place = (page.parent / unquote(path) if path else page).resolve()
        if " " in target:
            found.append(f"a space in {target}: write %20")
        elif not place.exists() or not place.is_relative_to(root):
            found.append(f"no such file: {target}")
        elif anchor and anchor not in anchors(place.read_text(encoding="utf-8")):
            found.append(f"no such heading: {target}")
    return found


def anchors(text):
    """GitHub's names of a page's headings."""
    titles = re.findall(r"^#+ (.*)$", re.sub(r"^```.*?^```", "", text, flags=re.M | re.S), re.M)
    plain = (re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", title).strip().lower() for title in titles)
    return [re.sub(r"[^\w\- ]", "", title).replace(" ", "-") for title in plain]


@pytest.mark.parametrize(
    "name", ["README.md", "CONTRIBUTING.md", "CHANGES.md", "data_scripts/labels/README.md"]
)
def test_every_relative_link_leads_somewhere(name):
    assert broken_links(ROOT / name, ROOT) == []


def test_broken_links_are_found(tmp_path):
    (tmp_path / "a b.jpg").touch()
    page = tmp_path / "page.md"
    page.write_text(
        "# What's *new*, then?\n```sh\n# no heading\n```\n[![ok](a%20b.jpg)](#whats-new-then)"
        "[ok](https://x.org/y) [ok](page.md#whats-new-then)"
    )
    assert broken_links(page, tmp_path) == []
    page.write_text(
        "```sh\n# no heading\n```\n![](a%20b.jpg) ![x](a b.jpg) [![x](no.jpg)](#no-heading)"
        '[out](../) [x](page.md#gone) <img src="c.png">'
    )
    assert broken_links(page, tmp_path) == [
        "a picture without alt text: a%20b.jpg",
        "a space in a b.jpg: write %20",
        "no such file: no.jpg",
        "no such heading: #no-heading",
        "no such file: ../",
        "no such heading: page.md#gone",
        "no such file: c.png",
    ]


def test_every_published_figure_is_shown_and_has_a_caption():
    shown = unquote((ROOT / "README.md").read_text(encoding="utf-8"))
    shown = " ".join(re.findall(r"^!\[.{20,}\]\(Save_Model/.*\)(?=\n\n\*\w)", shown, re.M))
    figures = [p.name for p in (ROOT / "Save_Model").iterdir() if p.suffix in FIGURES]
    assert [name for name in figures if f"](Save_Model/{name})" not in shown] == []


def test_readme_tells_the_augmentations_as_they_are():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    table = text.partition("| augmentation |")[2].partition("\n\n")[0]
    rows = re.findall(r"^\| ([^|]+) \| [^|]+ \| ([^|]+) \|$", table, re.M)
    assert dict(rows) == {name: str(p) for name, (_, _, p) in AUGMENTATIONS.items()}
