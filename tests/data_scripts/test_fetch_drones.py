"""data_scripts/fetch_drones.py with its archive and download modules: no network is needed."""

import random
import time
from collections import Counter, defaultdict
from contextlib import suppress
from dataclasses import replace
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
from fake_archive import TOP, beside, pack, tree, write_rows

from data_scripts.archives import (
    Archive,
    ArchiveError,
    DownloadOptions,
    FetchError,
    Member,
    read_manifest,
    write_manifest,
)
from data_scripts.fetch_drones import DRONES, PHOTOS, fetch_dataset, main, place_members
from helpers.course import ROOT
from helpers.data import load_splits, twins_across
from helpers.data.images import original_of

MIRROR = ROOT.parent / "shared" / "data"


def fake_files():
    """{path below the top folder: bytes}: per class 40 originals twice in train/, 5 in valid/."""
    noise = random.Random(0)
    files = {}
    for label in ("bird", "drone"):
        for number in range(40):
            for copy in ("aa", "bb"):
                name = f"train/{label}/{label}{number:02}_jpg.rf.{copy}.jpg"
                files[name] = noise.randbytes(200 + number)
        for number in range(40, 45):
            files[f"valid/{label}/{label}{number}_jpg.rf.aa.jpg"] = noise.randbytes(300)
    return files


class Handler(BaseHTTPRequestHandler):
    """Serves `server.body`; `server.plan` holds what each request in turn does wrong."""

    def do_GET(self):
        fault = self.server.plan.pop(0) if self.server.plan else ""
        span = self.headers.get("Range")
        self.server.seen.append(span)
        if isinstance(fault, int):
            self.send_error(fault)
            return
        body = self.server.body
        start = int(span[6:].rstrip("-")) if span and self.server.ranges else 0
        if start and start >= len(body):
            self.send_response(416)
            self.send_header("Content-Range", f"bytes */{len(body)}")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        if fault == "endless":
            self.send_response(200)
            self.end_headers()
            with suppress(OSError):
                while True:
                    self.wfile.write(bytes(10_000))
        if fault == "drip":
            self.send_response(200)
            self.end_headers()
            with suppress(OSError):
                while self.server.url:
                    self.wfile.write(b"x")
                    time.sleep(0.05)
        if fault == "never":
            self.send_response(416)
            self.send_header("Content-Length", "0")
            self.end_headers()
        if fault in ("endless", "drip", "never"):
            return
        self.send_response(206 if start else 200)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(body) - 1}/{len(body)}")
        if self.server.length:
            self.send_header("Content-Length", str(len(body) - start))
        self.end_headers()
        rest = body[start:]
        self.wfile.write(rest[: len(rest) // 2] if fault == "drop" else rest)

    def log_message(self, *_):
        pass


@pytest.fixture
def server():
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        running.plan, running.seen, running.ranges, running.length = [], [], True, True
        running.url = f"http://127.0.0.1:{running.server_port}/archive"
        thread = Thread(target=partial(running.serve_forever, poll_interval=0.01), daemon=True)
        thread.start()
        yield running
        running.shutdown()


@pytest.fixture
def course(tmp_path, server, monkeypatch):
    """A small pinned archive behind the server, and the means to fetch it into tmp_path."""
    monkeypatch.delenv("COURSE_MIRROR", raising=False)
    monkeypatch.setattr("data_scripts.archives.download.SPARE_BYTES", 50_000)
    files = fake_files()
    write_rows(tmp_path / "manifest.csv", files)
    server.body = pack(tmp_path / "packed.zip", files).read_bytes()
    archive = Archive("fake.zip", server.url, tmp_path / "manifest.csv")
    waits = []
    options = DownloadOptions(cache=tmp_path / "archives", bar=False, sleep=waits.append)

    def fetch(archive=archive, mirror=None):
        return replace(PHOTOS, archive=archive).fetch(fetch.folder, mirror, options)

    fetch.folder, fetch.cache = tmp_path / "real" / "drones", options.cache
    fetch.files, fetch.archive, fetch.waits = files, archive, waits
    fetch.part = options.cache / "fake.zip.part"
    fetch.part.parent.mkdir()
    return fetch


def only_photos(folder):
    return {name: data for name, data in tree(folder).items() if name != "SOURCE.txt"}


def test_fetches_and_cleans_up(course, server):
    folder = course()
    assert sorted(only_photos(folder).values()) == sorted(course.files.values())
    assert {p.name for p in folder.iterdir()} == {"train", "val", "test", "SOURCE.txt", ".complete"}
    assert "belong to their authors" in (folder / "SOURCE.txt").read_text()
    assert (beside(course.cache)) == []
    assert [p.name for p in beside(folder.parent)] == ["drones"]
    assert server.seen == [None]


def test_complete_folder_is_left_alone(course, server):
    folder = course()
    before = {p: p.stat().st_mtime_ns for p in folder.rglob("*")}
    (folder / ".DS_Store").write_text("left by a file browser")
    course()
    assert len(server.seen) == 1
    assert {p: p.stat().st_mtime_ns for p in before if p != folder} == {
        p: t for p, t in before.items() if p != folder
    }


def test_incomplete_folder_is_rebuilt(course):
    folder = course()
    whole = tree(folder)
    lost, cut = sorted(folder.glob("train/bird/*.jpg"))[:2]
    lost.unlink()
    cut.write_bytes(b"half")
    assert tree(course()) == whole


@pytest.mark.parametrize("complete", [True, False])
def test_files_of_others_are_never_deleted(course, server, complete):
    folder = course() if complete else course.folder
    mine = folder / "train" / "bird" / "my_own.jpg"
    mine.parent.mkdir(parents=True, exist_ok=True)
    mine.write_bytes(b"mine")
    with pytest.raises(FetchError, match=r"1 file\(s\).*train/bird/my_own.jpg; move them away"):
        course()
    assert mine.read_bytes() == b"mine"
    assert len(server.seen) == complete


def test_a_file_in_the_folders_place(course):
    folder = course.folder
    folder.parent.mkdir()
    folder.write_text("a note")
    with pytest.raises(FetchError, match="is a file, not a folder"):
        course()
    assert folder.read_text() == "a note"


def test_a_place_that_cannot_be_written_is_named(course):
    course.folder.parent.write_text("a note")
    with pytest.raises(FetchError, match="real cannot be written"):
        course()


def test_what_a_killed_run_left_goes_the_next_time(course):
    for name in (".drones-abcdefgh.unfinished", ".drones-2-bcdefghi.unfinished", ".drones-notes"):
        (course.folder.parent / name / "train").mkdir(parents=True)
    course()
    kept = {path.name for path in beside(course.folder.parent)}
    assert kept == {"drones", ".drones-2-bcdefghi.unfinished", ".drones-notes"}


def test_resumes_with_range(course, server):
    course.part.write_bytes(server.body[:1000])
    assert only_photos(course())
    assert server.seen == ["bytes=1000-"]


@pytest.mark.parametrize("length", [True, False])
def test_server_without_range_starts_again(course, server, length):
    server.ranges, server.length = False, length
    course.part.write_bytes(b"z" * 1000)
    assert only_photos(course())
    assert server.seen == ["bytes=1000-"]


def test_part_that_is_already_whole(course, server):
    course.part.write_bytes(server.body)
    assert only_photos(course())
    assert server.seen == [f"bytes={len(server.body)}-"]


def test_part_that_is_longer_than_the_whole(course, server):
    course.part.write_bytes(server.body + b"more")
    assert only_photos(course())
    assert server.seen[1:] == [None]


def test_dropped_connections_and_passing_faults_are_retried(course, server):
    server.plan = ["drop", 503, "drop"]
    assert only_photos(course())
    half = len(server.body) // 2
    assert server.seen[:3] == [None, f"bytes={half}-", f"bytes={half}-"]
    assert len(server.seen) == 4
    assert course.waits == [1, 2, 1]  # a new byte starts the count again


def test_part_is_kept_for_the_next_run(course, server):
    server.plan = ["drop", 503, 503, 503, 503]
    with pytest.raises(FetchError, match="HTTP 503"):
        course()
    assert course.part.stat().st_size == len(server.body) // 2
    assert not course.folder.exists()
    assert only_photos(course())


def test_an_endless_body_is_cut_off_and_the_next_run_works(course, server):
    server.plan[:] = ["endless"]
    with pytest.raises(FetchError, match=r"sends more than the [0-9,]+ bytes that fake\.zip may"):
        course()
    assert (beside(course.cache)) == [] and not course.folder.exists()
    course()
    assert only_photos(course.folder)


def test_a_body_that_drips_is_too_slow(course, server):
    server.plan[:] = ["drip"] * 9
    options = DownloadOptions(course.cache, False, course.waits.append, slowest=1000, window=0.2)
    with pytest.raises(FetchError, match=r"only [0-9]+ bytes a second came.*check the network"):
        replace(PHOTOS, archive=course.archive).fetch(course.folder, None, options)


def test_a_server_that_has_no_range_at_all_is_told(course, server):
    server.plan[:] = ["never"] * 9
    with pytest.raises(FetchError, match="the archive changed on the server"):
        course()


def test_a_page_instead_of_the_archive_is_told_and_not_kept(course, server):
    body, server.body = server.body, b"<!DOCTYPE html><html><title>Sign in</title></html>"
    with pytest.raises(ArchiveError, match="is a web page, not a zip archive"):
        course()
    assert (beside(course.cache)) == []
    server.body = body
    course()


@pytest.mark.parametrize("name", ["fake.zip", "fake.zip.part"])
def test_nothing_is_written_through_a_link(course, server, tmp_path, name):
    (tmp_path / "precious").write_bytes(b"keep me")
    (course.cache / name).symlink_to(tmp_path / "precious")
    course()
    assert (tmp_path / "precious").read_bytes() == b"keep me"


@pytest.mark.parametrize("there", [True, False])
def test_a_linked_folder_stays_a_link(course, tmp_path, there):
    (tmp_path / "disk").mkdir()
    if there:
        (tmp_path / "disk" / "drones").mkdir()
    course.folder.parent.mkdir(parents=True)
    course.folder.symlink_to(tmp_path / "disk" / "drones")
    course()
    assert course.folder.is_symlink() and only_photos(tmp_path / "disk" / "drones")


def test_resumed_rubbish_is_thrown_away_once(course, server):
    course.part.write_bytes(b"z" * 1000)
    assert only_photos(course())
    assert server.seen == ["bytes=1000-", None]


def test_wrong_bytes_name_the_file_and_come_only_once(course, server, tmp_path):
    name = "valid/bird/bird41_jpg.rf.aa.jpg"
    wrong = course.files | {name: bytes(300)}
    server.body = pack(tmp_path / "wrong.zip", wrong).read_bytes()
    with pytest.raises(ArchiveError, match=f"{name} is not the file that the manifest lists"):
        course()
    assert len(server.seen) == 1
    assert not course.folder.exists()
    assert (beside(course.cache)) == []


def test_failed_rebuild_keeps_what_was_there(course, server, tmp_path):
    folder = course()
    next(folder.glob("train/bird/*.jpg")).unlink()
    before = tree(folder)
    server.body = b"<html>not a zip</html>"
    with pytest.raises(ArchiveError, match="is a web page, not a zip archive"):
        course()
    assert tree(folder) == before


def test_a_member_that_is_too_long_is_not_written_out(course, tmp_path):
    name = "train/bird/bird00_jpg.rf.aa.jpg"
    pack(tmp_path / "fake.zip", course.files | {name: bytes(5_000_000)})
    with pytest.raises(ArchiveError, match=name):
        course(mirror=str(tmp_path))
    assert beside(tmp_path / "real") == []


def test_a_missing_member_is_named(course, tmp_path):
    name = "train/bird/bird00_jpg.rf.aa.jpg"
    pack(tmp_path / "fake.zip", {n: d for n, d in course.files.items() if n != name})
    with pytest.raises(ArchiveError, match=f"lacks {name}"):
        course(mirror=str(tmp_path))


@pytest.mark.parametrize("bad", ["../evil.jpg", f"{TOP}/../../evil.jpg", "/tmp/evil.jpg"])
def test_zip_slip_is_refused(course, tmp_path, bad):
    pack(tmp_path / "fake.zip", course.files, extra=[bad])
    with pytest.raises(ArchiveError, match="outside its folder"):
        course(mirror=str(tmp_path))
    assert not list(tmp_path.rglob("evil.jpg"))


def test_damaged_member_is_named(course, tmp_path):
    data = bytearray(pack(tmp_path / "fake.zip", course.files).read_bytes())
    name = "valid/drone/drone44_jpg.rf.aa.jpg"
    at = data.index(course.files[name])
    data[at] ^= 255
    (tmp_path / "fake.zip").write_bytes(data)
    with pytest.raises(ArchiveError, match=f"{name} is damaged"):
        course(mirror=str(tmp_path))


@pytest.mark.parametrize("prefix", ["", "file://", "relative"])
def test_mirror_folder_is_read_in_place(course, server, tmp_path, monkeypatch, prefix):
    mirror = tmp_path / "mirror"
    mirror.mkdir()
    archive = pack(mirror / "fake.zip", course.files)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COURSE_MIRROR", "mirror" if prefix == "relative" else f"{prefix}{mirror}")
    assert only_photos(course())
    assert archive.is_file() and server.seen == []
    assert (beside(course.cache)) == []


def test_mirror_address(course, server):
    other = replace(course.archive, address="http://127.0.0.1:1/unused")
    assert only_photos(course(mirror=f"{server.url}/", archive=other))


def test_mirror_without_the_archive(course, tmp_path):
    with pytest.raises(FetchError, match=r"no fake.zip in .*empty.*unset COURSE_MIRROR"):
        course(mirror=str(tmp_path / "empty"))


def test_address_without_the_archive_is_not_retried(course, server):
    server.plan = [404] * 9
    with pytest.raises(FetchError, match="HTTP 404"):
        course()
    assert len(server.seen) == 1


@pytest.mark.parametrize("address", ["http://127.0.0.1:1/x", "http://no-such-host.invalid/x"])
def test_no_network_is_one_sentence(course, address):
    with pytest.raises(FetchError) as caught:
        course(archive=replace(course.archive, address=address))
    assert "check the network" in str(caught.value)
    assert "COURSE_DATA=rendered" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert len(course.waits) == 3


def test_command_line_prints_the_sentence(tmp_path, capsys):
    assert main(["--folder", str(tmp_path / "drones"), "--mirror", str(tmp_path)]) == 1
    out, err = capsys.readouterr()
    assert out == "" and err.count("\n") == 1 and "no drones_real.zip" in err


def test_originals():
    assert original_of("train/bird/hawk_jpg.rf.0a1b.jpg") == "hawk_jpg"
    assert original_of("hawk_jpg.rf.9f3e.jpg") == "hawk_jpg"
    assert original_of("plain.jpg") == "plain"


def fake_members(paths):
    return [Member(path, 1, "0" * 64) for path in paths]


def test_split_does_not_depend_on_order():
    paths = list(fake_files())
    places = place_members(fake_members(paths))
    random.Random(1).shuffle(paths)
    assert place_members(fake_members(paths)) == places


def test_copies_of_one_original_stay_together_until_scenes_are_known():
    paths = [*fake_files(), "valid/bird/bird00_jpg.rf.cc.jpg"]
    places = place_members(fake_members(paths))
    sides = defaultdict(set)
    for path, place in places.items():
        sides[path.split("/")[1], original_of(path)].add(place.split("/")[0])
    assert all(len(found) == 1 for found in sides.values())


def test_photos_of_one_scene_stay_together_and_a_long_video_is_for_training():
    members = [
        Member(f"{folder}/drone/frame{number}.jpg", 1, "0" * 64, group)
        for group, frames in ((1, 60), *((group, 4) for group in range(2, 37)))
        for number in range(100 * group, 100 * group + frames)
        for folder in ("train" if number % 2 else "valid",)
    ]
    places = place_members(members)
    sides = defaultdict(set)
    for member in members:
        sides[member.group].add(places[member.path].split("/")[0])
    assert all(len(found) == 1 for found in sides.values()) and sides[1] == {"train"}
    counts = Counter(place.split("/")[0] for place in places.values())
    assert abs(counts["test"] - 30) <= 2 and abs(counts["val"] - 30) <= 2


@pytest.mark.parametrize("path", ["test/bird/a.jpg", "train/kite/a.jpg", "a.jpg", "x/train/bird/a"])
def test_manifest_of_something_else(path):
    with pytest.raises(FetchError, match=f"lists {path}"):
        place_members(fake_members([path]))


@pytest.mark.parametrize(
    "row",
    ["../a.jpg,1," + "0" * 64, "a.jpg,-1," + "0" * 64, "a.jpg,1,beef", f"a.jpg,1,{'0' * 64},x"],
)
def test_broken_manifest_row_is_named(tmp_path, row):
    path = tmp_path / "manifest.csv"
    path.write_text(f"path,size,sha256,group\n{row}\n")
    with pytest.raises(FetchError, match=f"manifest.csv: the row of '{row.split(',')[0]}'"):
        read_manifest(path)


def test_manifest_is_written_from_an_archive(tmp_path):
    files = fake_files()
    archive = pack(tmp_path / "fake.zip", files)
    listed = write_manifest(archive, tmp_path / "new.csv", lambda path: path in files)
    assert read_manifest(tmp_path / "new.csv") == listed
    assert {m.path: m.size for m in listed} == {name: len(data) for name, data in files.items()}
    with pytest.raises(ArchiveError, match="none of the expected files"):
        write_manifest(archive, tmp_path / "new.csv", lambda path: False)
    assert read_manifest(tmp_path / "new.csv") == listed


def test_committed_manifest_gives_a_sound_split():
    members = read_manifest(DRONES.manifest)
    places = place_members(members)
    counts = Counter(tuple(place.split("/")[:2]) for place in places.values())
    assert sum(counts.values()) == 3104
    for label in ("bird", "drone"):
        total = sum(counts[split, label] for split in ("train", "val", "test"))
        for split in ("val", "test"):
            assert counts[split, label] == pytest.approx(0.15 * total, abs=2)
    sides, originals = defaultdict(set), defaultdict(set)
    for member in members:
        split, label, name = places[member.path].split("/")
        sides[member.group, label].add(split)
        originals[label, original_of(name)].add(member.group)
    assert all(len(found) == 1 for group in (sides, originals) for found in group.values())
    assert 0 not in {member.group for member in members}


def test_readme_counts_the_scenes_that_the_manifest_has():
    members = read_manifest(DRONES.manifest)
    scenes, photos, folders = defaultdict(set), Counter(), defaultdict(set)
    for member in members:
        folder, label, _ = member.path.split("/")
        scenes[label].add(member.group)
        photos[label] += 1
        folders[member.group].add(folder)
    drones = [m.group for m in members if m.path.startswith("valid/drone/")]
    shared = sum(folders[group] == {"train", "valid"} for group in drones)
    text = " ".join((ROOT / "README.md").read_text(encoding="utf-8").split())
    assert f"{shared} of {len(drones)} test drones in scenes that it also trains on" in text
    counts = f"{photos['drone']:,} drone photos are {len(scenes['drone']):,} scenes, the "
    assert f"{counts}{photos['bird']:,} birds {len(scenes['bird']):,}." in text


def test_the_real_archive(tmp_path):
    if not (MIRROR / DRONES.name).is_file():
        pytest.skip(f"no ../shared/data/{DRONES.name}: the archive is not beside this checkout")
    folder = fetch_dataset(
        tmp_path / "drones", mirror=str(MIRROR), options=DownloadOptions(bar=False)
    )
    assert len(list(folder.rglob("*.jpg"))) == 3104
    assert len(list(folder.glob("test/*/*.jpg"))) == 466
    assert twins_across(load_splits(folder, log=lambda text: None)).empty
