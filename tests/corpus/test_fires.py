"""The hostile files that a library here can load are loaded, in the sandbox, to show that they do what is said of them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.corpus import fire
from tests.corpus.sample import families, made

from assay.engines.isolation import Grant, Limits, interpreter, python_paths, run
from assay.methods.pickles.names import Names


@pytest.mark.slow
def test_hostile_pickles_really_bring_in_what_they_must_not(tmp_path):
    folder = tmp_path / "corpus"
    kept = [s for f in families() for s in made(f, folder) if s.hostile and s.fires]
    (folder / "list.json").write_text(json.dumps([[str(s.path), s.fires] for s in kept]))
    script = Path(fire.__file__)
    grant = Grant(
        read=(*python_paths(), script.parent), write=(folder,), limits=Limits(seconds=240, processes=64)
    )
    ended = run(
        [str(interpreter()), "-s", str(script), str(folder / "list.json")], grant, log=tmp_path / "log"
    )
    lines = [json.loads(line) for line in (tmp_path / "log").read_text().splitlines() if line.startswith("[")]
    assert (ended.code, len(lines)) == (0, len(kept)), (tmp_path / "log").read_text()[-2000:]
    names, said = Names(), {path: (told, how) for path, told, how in lines}
    fired = [s for s in kept if any(not names.judge(m, n).allowed for m, n in said[str(s.path)][0])]
    marked = [s for s in kept if s.marker is not None]
    done = [s for s in marked if s.marker.exists()]
    quiet = [f"{s.why}: {said[str(s.path)]}" for s in kept if s not in fired]
    print(
        f"\n{len(kept)} loaded, {len(fired)} brought in a name that is not allowed; {len(done)} of {len(marked)} left their mark"
    )
    print(
        "\n".join([*quiet, *(f"no mark: {s.why}: {said[str(s.path)][1]}" for s in marked if s not in done)])
    )
    assert len(fired) >= 0.7 * len(kept) and len(fired) >= 300
    assert len(done) >= 0.8 * len(marked)
