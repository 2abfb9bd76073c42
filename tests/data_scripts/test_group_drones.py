"""data_scripts/group_drones.py: scenes are numbered, and the manifest keeps all else."""

from data_scripts import group_drones
from data_scripts.archives import Member, read_manifest
from data_scripts.group_drones import scene_groups, write_groups

NAMES = [
    "bird/a.rf.1.jpg",
    "bird/a.rf.2.jpg",
    "bird/b.jpg",
    "drone/a.rf.3.jpg",
    "drone/c.jpg",
    "drone/d.jpg",
]


def test_originals_and_pairs_of_one_class_make_a_scene():
    groups = scene_groups(NAMES, [(4, 5), (1, 2), (2, 3)]).tolist()
    assert groups[0] == groups[1] == groups[2]  # one original, and a pair
    assert groups[4] == groups[5]
    assert len(set(groups)) == 3  # two classes are never one scene


def test_the_manifest_gets_the_column_and_keeps_the_rest(tmp_path):
    manifest = tmp_path / "drones.csv"
    rows = [f"train/{name},7,{'a' * 64}" for name in NAMES]
    manifest.write_text("\n".join(["path,size,sha256", *rows, ""]))
    before = read_manifest(manifest)
    groups = {name: 90 - number // 2 for number, name in enumerate(NAMES)}
    assert write_groups(manifest, groups) == 3
    after = read_manifest(manifest)
    assert [member.group for member in after] == [1, 1, 2, 2, 3, 3]
    assert [Member(m.path, m.size, m.sha256) for m in after] == before
    text = manifest.read_text()
    write_groups(manifest, groups)
    assert manifest.read_text() == text


def test_photos_that_are_not_there_are_one_sentence(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(group_drones, "PHOTOS", type("Photos", (), {"folder": tmp_path / "none"}))
    assert group_drones.main() == 1
    assert "there is no such folder" in capsys.readouterr().err
