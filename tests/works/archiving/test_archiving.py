"""A model as one file: verified without Assay and with it, rebuilt by a stranger, and what is forged or hostile is named."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
import zipfile

import pytest
from tests.works.reproduction.small import PIPELINE, Small

from assay.engines.archives import Bounds
from assay.kernel.errors import AssayError, Missing, Refused, UsageError
from assay.works.archiving import reading
from assay.works.call import call
from assay.works.home import Home

REGISTER = "  scan: {check: model.scan, of: model}\n  register: {do: model.register, of: model, as: small}\n"


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A home with a registered model, and its archive with and without data."""
    small = Small(tmp_path_factory.mktemp("maker"))
    small.write("assay.yaml", PIPELINE + REGISTER)
    small.run()
    (small.folder / ".assay" / "registry.yaml").write_text("approvals: 2\nexpires: 1y\n")
    for who in ("bea", "carl"):
        small.call("model.approve", who, name="small@1", reason="it is small")
    for name, with_data in (("whole", True), ("bare", False)):
        small.call(
            "model.export", name="small@1", archive=str(small.folder / f"{name}.zip"), with_data=with_data
        )
    small.call("model.export", name="small@1", to=str(small.folder / "out"))
    return small.folder


def script(folder, archive, *args):
    """Run the script that lies in the archive, as a stranger does."""
    with zipfile.ZipFile(archive) as source:
        for name in ("verify.py", "verify_archive.py"):
            source.extract(name, folder)
    command = [sys.executable, "-IB", str(folder / "verify.py"), str(archive), *map(str, args)]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    assert not done.stderr, done.stderr
    return done.returncode, done.stdout


def changed(archive, to, change):
    """Write an archive again, its members (name → bytes) changed, and the manifest made to fit them."""
    with zipfile.ZipFile(archive) as source:
        held = {n: source.read(n) for n in source.namelist()}
    manifest = json.loads(held.pop("manifest.json"))
    change(held, manifest)
    manifest["files"] = {n: hashlib.sha256(c).hexdigest() for n, c in held.items() if n != "manifest.sig"}
    with zipfile.ZipFile(to, "w") as out:
        for name, content in (held | {"manifest.json": json.dumps(manifest).encode()}).items():
            out.writestr(name, content)
    return to


def test_a_stranger_verifies_it_without_assay_and_rebuilds_it_with_nothing_else(made, tmp_path):
    shutil.copyfile(made / "whole.zip", tmp_path / "small.zip")
    keys = ["--key", made / "out" / "hallmark.pub", "--log-key", made / "out" / "ledger.pub"]
    code, said = script(tmp_path, tmp_path / "small.zip", *keys)
    assert code == 0 and said.startswith("VERIFIED  small@1 is APPROVED; its hallmark holds\nmade by run "), (
        said
    )
    assert "keys that came with it" not in said and "\napproved by bea and carl, until 20" in said
    found = call("model.verify", {"name": str(tmp_path / "small.zip")}, home=None)
    assert (
        found["ok"]
        and found["own_keys"]
        and found["approved_by"] == ["bea", "carl"]
        and found["status"] == "APPROVED"
    )
    again = call("runs.reproduce", {"of": str(tmp_path / "small.zip")}, home=None)
    assert again["verdict"] == "reproduced" and again["event"] is None, again["said"]
    assert [s["name"] for s in again["steps"]] == ["scaled", "model", "scan"]
    assert sorted(p.name for p in tmp_path.iterdir()) == ["small.zip", "verify.py", "verify_archive.py"]


@pytest.mark.slow
def test_without_data_it_needs_the_data_that_the_run_read(made, tmp_path):
    with zipfile.ZipFile(made / "bare.zip") as bare:
        left = json.loads(bare.read("manifest.json"))["left_out"]
        everything = b"".join(bare.read(n) for n in bare.namelist())
    assert {"points", "out", "log"} <= {e["what"] for e in left} and b"id,x\n0,0\n" not in everything
    assert script(tmp_path, made / "bare.zip")[0] == 0
    none = call("runs.reproduce", {"of": str(made / "bare.zip")}, home=None)
    how = {s["name"]: s["how"] for s in none["steps"]}
    assert none["verdict"] == "incomplete" and how == {
        "scaled": "missing",
        "model": "recorded",
        "scan": "rebuilt",
    }
    home = Home.create(tmp_path, {})
    given = {"of": str(made / "bare.zip"), "data": {"points": str(made / "points.csv")}}
    found = call("runs.reproduce", given, home=home)
    assert found["verdict"] == "reproduced", found["said"]
    event = call("log.tail", {"number": 1}, home=home)["events"][0]
    assert event["subject"] == f"archive/{found['archive']}" and event["outcome"] == "reproduced"
    home.close()


def test_the_package_in_it_is_the_one_that_model_signing_knows(made, tmp_path):
    with zipfile.ZipFile(made / "whole.zip") as archive:
        names = [n.removeprefix("package/") for n in archive.namelist() if n.startswith("package/")]
        same = all(archive.read(f"package/{n}") == (made / "out" / "package" / n).read_bytes() for n in names)
        assert archive.read("model.sig") == (made / "out" / "model.sig").read_bytes()
    assert same and "model.tar.gz" in names


def _tampered(held, manifest):
    held["package/model.tar.gz"] = b"another"


def _swapped(held, manifest):
    name = next(n for n in held if n.startswith("objects/"))
    held[name] = held[name] + b" "


def _forged_row(held, manifest):
    rows = json.loads(held["rows.json"])
    rows[0]["state"] = rows[0]["state"].replace("APPROVED", "REJECTED")
    held["rows.json"] = json.dumps(rows).encode()


def _forged_event(held, manifest):
    proofs = json.loads(held["proofs.json"])
    proofs[0]["leaf"] = proofs[0]["leaf"].replace('"time":"2', '"time":"3')
    held["proofs.json"] = json.dumps(proofs).encode()


def _lost_step(held, manifest):
    rows = [r for r in json.loads(held["rows.json"]) if not r["row"].endswith("/scaled")]
    held["rows.json"] = json.dumps(rows).encode()


def _lost_hallmark(held, manifest):
    del held["model.sig"]


def _lost_approval(held, manifest):
    del held[next(n for n in held if n.startswith("approval-"))]


def _other_approval(held, manifest):
    held[next(n for n in held if n.startswith("approval-"))] = held["decision.intoto.json"]


def _lost_decision(held, manifest):
    del held["decision.intoto.json"]


def _other_decision(held, manifest):
    held["approval-99.intoto.json"] = held["decision.intoto.json"]


def _lost_object(held, manifest):
    run = next(
        json.loads(json.loads(r["state"])["value"])
        for r in json.loads(held["rows.json"])
        if r["row"].startswith("runs/")
    )
    del held["objects/" + run["detail"]["provenance"].removeprefix("sha256:")]


def _other_form(held, manifest):
    manifest["schema"] = "assay.model_archive/99"


def _other_time(held, manifest):
    manifest["made"] = "2020-01-01T00:00:00.000Z"


def _other_tool(held, manifest):
    manifest["tool"] = {"name": "assay", "version": "99"}


def _lost_seal(held, manifest):
    del held["manifest.sig"]


def _other_key(held, manifest):
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    public = Ed25519PrivateKey.generate().public_key()
    held["ledger.pub"] = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


FORGED = {
    "a file of the package": (_tampered, "the package's files are not those that were entered"),
    "an object": (_swapped, "does not hold the bytes of its name"),
    "a row": (_forged_row, "is not what event"),
    "an event": (_forged_event, "is not in the log that was signed"),
    "a step left away": (_lost_step, "the step scaled of the run is missing"),
    "a hallmark left away": (_lost_hallmark, "its hallmark is missing"),
    "an approval left away": (_lost_approval, "the approval of bea is missing"),
    "an approval put in its place": (_other_approval, "is not a mark that the office keeps"),
    "a decision left away": (_lost_decision, "the decision upon it is missing"),
    "a decision put beside": (_other_decision, "approval-99.intoto.json is not a mark that the office keeps"),
    "a document left away": (_lost_object, "the run's document is not here"),
    "another form": (_other_form, "its manifest is not of the form that is read here"),
    "when it was packed": (_other_time, "its manifest is not the one that the log's key signed"),
    "with what it was packed": (_other_tool, "its manifest is not the one that the log's key signed"),
    "its seal": (_lost_seal, "its manifest is not the one that the log's key signed"),
    "another key": (_other_key, "the checkpoint is not signed by this key"),
}


@pytest.mark.parametrize("what", FORGED)
def test_each_forgery_is_named(made, tmp_path, what):
    change, said = FORGED[what]
    forged = changed(made / "whole.zip", tmp_path / "forged.zip", change)
    found = call("model.verify", {"name": str(forged)}, home=None)
    assert not found["ok"] and said in found["problems"][0]["message"], found["problems"]
    with pytest.raises(Refused, match="forged.zip is forged or damaged"):
        call("runs.reproduce", {"of": str(forged)}, home=None)


def test_the_script_names_a_forgery_too_and_a_file_that_is_no_archive(made, tmp_path):
    forged = changed(made / "whole.zip", tmp_path / "forged.zip", _tampered)
    assert script(tmp_path, forged) == (
        1,
        "FORGED OR DAMAGED: the package's files are not those that were entered\n",
    )
    (tmp_path / "verify.py").write_text((tmp_path / "verify.py").read_text())
    command = [sys.executable, "-I", str(tmp_path / "verify.py"), str(tmp_path / "none.zip")]
    assert subprocess.run(command, capture_output=True, text=True).returncode == 2


def _member(name, content=b"x", attr=0o100644):
    info = zipfile.ZipInfo(name)
    info.external_attr, info.compress_type = attr << 16, zipfile.ZIP_DEFLATED
    return info, content


def _zip(path, *members):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as out:
        for info, content in members:
            out.writestr(info, content)
    return path


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize(
    ("members", "said"),
    [
        ([_member("../../etc/cron.d/x")], "would be written outside the folder"),
        ([_member("/etc/passwd")], "would be written outside the folder"),
        ([_member("a\\..\\b")], "would be written outside the folder"),
        ([_member("link", b"/etc/passwd", 0o120777)], "'link' is a link or a device"),
        ([_member("a"), _member("a")], "'a' is there twice"),
        ([_member("n" * 2000)], "has a name of 2000 characters"),
        ([_member("zeros", bytes(80 << 20))], "unpacks to 80 MiB and perhaps more"),
        ([_member("manifest.json", b"[" * 100_000)], "is forged or damaged"),
        ([_member("manifest.json", b'{"files": {}}')], "is forged or damaged"),
    ],
)  # fmt: skip
def test_a_hostile_archive_is_named_in_one_sentence_and_nothing_of_it_is_written(tmp_path, members, said):
    path = _zip(tmp_path / "hostile.zip", *members)
    for action, given in (("runs.reproduce", {"of": str(path)}), ("model.verify", {"name": str(path)})):
        try:
            found = call(action, given, home=None)
            told = found["problems"][0]["message"]
            assert not found["ok"]
        except AssayError as error:
            told = str(error)
        assert said in told and "hostile.zip" in told and "\n" not in told, told
    assert [p.name for p in tmp_path.iterdir()] == ["hostile.zip"]


def test_an_archive_that_is_cut_short_or_not_there_is_told(made, tmp_path):
    whole = (made / "whole.zip").read_bytes()
    for size in (0, 3, 100, len(whole) // 2, len(whole) - 1):
        (tmp_path / "cut.zip").write_bytes(whole[:size])
        found = call("model.verify", {"name": str(tmp_path / "cut.zip")}, home=None)
        assert not found["ok"] and found["problems"][0]["kind"] == "damaged", (size, found)
    with pytest.raises(Missing, match="there is no archive"):
        call("runs.reproduce", {"of": str(tmp_path / "none.zip")}, home=None)


def test_what_an_archive_says_of_another_machine_is_not_looked_for_on_this_one(made):
    with reading.opened(made / "whole.zip") as it:
        past = it.target.past
        lies = {
            a.uri.partition(":")[0]
            for s in past.steps.values()
            for a in (*s.inputs.values(), *s.outputs.values())
        }
        assert lies == {"object"} and past.document["bench"]["isolation"] == "full"
    raw = {"verb": "check", "uses": "data.quality", "params": {"rules": "/etc/passwd"}}
    with pytest.raises(UsageError, match="names a file of another machine"):
        reading._harmless({"bench": {"engine": "duckdb", "cores": 2}, "steps": {"s": raw}})
    with pytest.raises(Refused, match="ran on spark://somewhere"):
        reading._harmless({"bench": {"engine": "spark://somewhere"}, "steps": {}})


def test_it_is_written_whole_or_not_at_all_and_never_over_another(made, tmp_path):
    small = Small.__new__(Small)
    small.folder = made
    (tmp_path / "there.zip").write_bytes(b"mine")
    with pytest.raises(UsageError, match="is already there"):
        small.call("model.export", name="small@1", archive=str(tmp_path / "there.zip"))
    with pytest.raises(UsageError, match="say --to DIR or --archive FILE"):
        small.call("model.export", name="small@1")
    assert (tmp_path / "there.zip").read_bytes() == b"mine"


def action(made, to):
    from assay.office import registry
    from assay.works.archiving.writing import Archive

    home = Home.open(made / ".assay", {})
    return Archive(home, registry.get(home.office, "small@1"), to, "ada", False)


def test_a_file_that_came_while_it_was_packed_is_not_written_over(made, tmp_path, monkeypatch):
    from assay.works.archiving import writing

    to, packed = tmp_path / "a.zip", writing.write

    def meanwhile(*args, **options):
        to.write_bytes(b"mine")
        return packed(*args, **options)

    monkeypatch.setattr(writing, "write", meanwhile)
    with pytest.raises(UsageError, match="is already there"):
        action(made, to).do(None)
    assert to.read_bytes() == b"mine" and list(tmp_path.iterdir()) == [to]


def test_after_a_crash_an_archive_of_this_package_is_known_with_what_it_left_out_and_no_other_file(
    made, tmp_path
):
    bare = made / "bare.zip"
    with zipfile.ZipFile(bare) as source:
        left = json.loads(source.read("manifest.json"))["left_out"]
    digest = "sha256:" + hashlib.sha256(bare.read_bytes()).hexdigest()
    assert left and action(made, bare).happened(None) == {"archive": digest, "left_out": left}
    other = tmp_path / "other.zip"
    changed(bare, other, lambda held, manifest: manifest.update(package="sha256:" + "0" * 64))
    assert action(made, other).happened(None) is None
    for content in (b"mine", b"PK\x05\x06" + bytes(18)):
        other.write_bytes(content)
        assert action(made, other).happened(None) is None
    assert action(made, tmp_path / "none.zip").happened(None) is None


KEYED = """
name: keyed
data: {points: {source: points.csv}}
steps:
  people: {check: data.pii, of: points, gate: none}
  masked: {treat: data.mask, of: points, using: people, method: token, key: pseudonyms}
  model: {train: train.py, of: {train: masked}}
  scan: {check: model.scan, of: model}
  register: {do: model.register, of: model, as: keyed}
"""


@pytest.mark.slow
def test_a_key_never_leaves_and_what_it_made_stands_in(tmp_path):
    """In its own home the step is rebuilt with the key; elsewhere, or once the key is gone, it is told, and none is made."""
    small = Small(tmp_path)
    small.write("points.csv", "x,email\n" + "".join(f"{i},p{i}@example.org\n" for i in range(20)))
    small.write("assay.yaml", KEYED)
    small.run()
    assert small.reproduce("keyed@1")["verdict"] == "reproduced"
    small.call("model.export", name="keyed@1", archive=str(tmp_path / "keyed.zip"))
    secret = (tmp_path / ".assay" / "secrets" / "pseudonyms.key").read_bytes().strip()
    with zipfile.ZipFile(tmp_path / "keyed.zip") as archive:
        assert not any(secret in archive.read(n) for n in archive.namelist())
    shutil.rmtree(tmp_path / ".assay" / "secrets")
    there = call("runs.reproduce", {"of": str(tmp_path / "keyed.zip")}, home=None)
    for found in (there, small.reproduce("keyed@1")):
        how = {s["name"]: (s["how"], s["same"]) for s in found["steps"]}
        assert found["verdict"] == "incomplete" and how["masked"] == ("recorded", None)
        assert how["model"] == ("rebuilt", "bits") and "it needs the key pseudonyms" in " ".join(
            found["said"]
        )
        assert (
            "The model itself, made by the step `model`, is bit for bit what was registered." in found["said"]
        )
    assert not (tmp_path / ".assay" / "secrets").exists()


def test_an_archive_that_is_too_large_is_refused_before_it_is_copied(made, tmp_path, monkeypatch):
    monkeypatch.setattr(reading, "BOUNDS", Bounds(size=1_000, members=10_000))
    monkeypatch.setattr(shutil, "copyfile", lambda *names: pytest.fail("it was copied"))
    with pytest.raises(AssayError, match="more than the"), reading.opened(made / "whole.zip"):
        pass
