"""Running a pipeline file: its home, its settings, and the examples that come with Assay."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import replace
from importlib.resources import as_file, files
from pathlib import Path

from assay.kernel.errors import UsageError
from assay.methods.card.file import template
from assay.methods.nearest import did_you_mean
from assay.works.checking import bench
from assay.works.done import Observer, RunResult
from assay.works.fitting import installed
from assay.works.home import Home
from assay.works.pipeline import load
from assay.works.run import Runner
from assay.works.stopping import terminated


def run_file(
    file: Path,
    *,
    start: Path,
    environment: Mapping[str, str],
    sets: tuple[str, ...] = (),
    only: tuple[str, ...] = (),
    force: bool = False,
    isolation: str | None = None,
    engine: str | None = None,
    data: Mapping[str, str] | None = None,
    observer: Observer,
) -> RunResult:
    """Run an assay.yaml in the nearest home upward from it, which is made beside it when there is none.

    data: data set → another source in its place.
    """
    if file.is_dir():
        file = file / "assay.yaml"
    pipeline = load(file, sets)
    for name in data or {}:
        if name not in pipeline.data:
            raise UsageError(f"{file} has no data set {name!r}", remedy=did_you_mean(name, pipeline.data))
    pipeline = replace(pipeline, data={**pipeline.data, **(data or {})})
    installed(pipeline, only)
    folder = file.resolve().parent
    home = Home.find(folder, environment) or Home.create(folder, environment)
    try:
        for name in ("database_url", "store_url"):
            if name in pipeline.settings:
                raise UsageError(
                    f"{name} is where the home itself lies",
                    where=f"{file}: settings",
                    remedy="set it in .assay/config.yaml",
                )
        settings = home.settings.updated(pipeline.settings, f"{file}: settings")
        if isolation is not None:
            settings = replace(settings, isolation=isolation)
        if engine is not None:
            settings = replace(settings, engine=engine)
        with bench(home, settings) as table, terminated():
            return Runner(
                home=home,
                pipeline=pipeline,
                bench=table,
                actor=settings.actor or home.actor,
                observer=observer,
                force=force,
                only=only,
            ).go()
    finally:
        home.close()


def init_home(folder: Path, environment: Mapping[str, str]) -> list[str]:
    """Make a home in ``folder``, and an assay.yaml where there is none; return what was done, a line each."""
    folder.mkdir(parents=True, exist_ok=True)
    had = (folder / ".assay" / "home.json").is_file()
    Home.create(folder, environment)
    said = [f"{'there is already' if had else 'made'} a home in {folder / '.assay'}"]
    texts = {
        "assay.yaml": files("assay.examples").joinpath("start", "assay.yaml").read_text(encoding="utf-8"),
        "card.yaml": template(),
    }
    what = {
        "assay.yaml": "name your data in it, then `assay run`",
        "card.yaml": "what only people know of a model",
    }
    for name, text in texts.items():
        target = folder / name
        if target.exists():
            said.append(f"left {target} as it is")
            continue
        target.write_text(text, encoding="utf-8")
        said.append(f"wrote {target}: {what[name]}")
    return said


def lay_out_demo(folder: Path, environment: Mapping[str, str]) -> Path:
    """Copy the bookings example into ``folder`` and make a home there; return its assay.yaml.

    What already lies there from an earlier demo is kept, so that running it again reuses it.
    """
    if folder.exists() and any(folder.iterdir()) and not (folder / "assay.yaml").is_file():
        raise UsageError(f"{folder} is not empty", remedy="name another folder: assay demo --to DIR")
    folder.mkdir(parents=True, exist_ok=True)
    with as_file(files("assay.examples").joinpath("bookings")) as example:
        for path in sorted(example.iterdir()):
            if path.is_file() and not path.name.startswith("_") and not (folder / path.name).exists():
                shutil.copyfile(path, folder / path.name)
    Home.create(folder, {k: v for k, v in environment.items() if k != "ASSAY_HOME"})
    return folder / "assay.yaml"
