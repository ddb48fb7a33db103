"""The folder of a run: Tocsin's own by its manifest, written by one at a time, and never at the cost of another's file.

A run into a new or empty folder is written there. Where an earlier run lies, the new one is written to `unfinished/`
inside it and takes the earlier one's place when it has ended; until then, and if it never ends, the earlier one stays.
Files that the manifest does not name are never touched, and a folder that holds such files only is refused.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from types import TracebackType

from tocsin.errors import BadInput, Misuse
from tocsin.session import manifest as manifests
from tocsin.session.manifest import MANIFEST, RUN_FILES, Manifest, changed_files, marks
from tocsin.session.place import beside, sweep

__all__ = ["OWN", "UNFINISHED", "Lock", "RunFolder", "cleared", "settle", "status_of"]

UNFINISHED = "unfinished"
OWN = (MANIFEST, *RUN_FILES)
"""Every name that Tocsin gives to a file in a run folder."""


class Lock:
    """A lock on a folder itself: it leaves no file, and ends with its holder, however that ends."""

    def __init__(self, folder: Path) -> None:
        self._descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(self._descriptor)
            raise BadInput("another run is writing here; wait for it or give another --out", file=str(folder)) from None

    def release(self) -> None:
        """Let others write."""
        os.close(self._descriptor)


def status_of(folder: Path) -> tuple[str, str]:
    """State of a run and what stopped it: one of STATUSES, "" where there is no manifest. Raises BadInput.

    A run whose writer has gone without a word, by a kill or a power cut, still says `running`, or has no more than
    begun to say so; it is `cut`.
    """
    found = manifests.read(folder)
    if found is None and not beside(folder / MANIFEST).is_file():
        return "", ""
    if found is not None and found.status != "running":
        return found.status, found.problem
    try:
        Lock(folder).release()
    except BadInput:
        return "running", ""
    return "cut", "its process ended without a word"


def settle(folder: Path) -> None:
    """Finish what a run had begun that was stopped while it took an earlier one's place. Raises BadInput, OSError."""
    if _interrupted(folder) is None:
        return
    lock = Lock(folder)
    try:
        new = _interrupted(folder)
        if new is not None:
            _put_in_place(folder, new)
    finally:
        lock.release()


def cleared(inner: Path) -> Path:
    """A folder of Tocsin's own inside a run folder, new or emptied of what an earlier attempt left. Raises BadInput."""
    if inner.is_symlink() or (inner.exists() and not inner.is_dir()):
        raise BadInput("Tocsin needs this name for a folder of its own", file=str(inner))
    inner.mkdir(exist_ok=True)
    left = manifests.read(inner)
    sweep(inner, OWN)
    names = {MANIFEST, *left.files} if left else set[str]()
    others = {entry.name for entry in inner.iterdir()} - names
    if others:
        problem = "files that Tocsin did not write lie here; move them away"
        raise BadInput(problem, file=str(inner), value=", ".join(sorted(others)[:3]))
    for name in sorted(names):
        (inner / name).unlink(missing_ok=True)
    return inner


class RunFolder:
    """A folder that is being written. Leave the `with` block by an error, and the folder says what stopped the run."""

    def __init__(self, path: Path, command: str, names: Iterable[str], inputs: Iterable[Path | None] = ()) -> None:
        """Take a folder for a run that writes `names`. Raises BadInput where that would cost anybody a file."""
        self.path, self._names, self._chain, self._ended = path, tuple(names), "", False
        if path.exists() and not path.is_dir():
            raise BadInput("this is a file; give a folder", file=str(path))
        path.mkdir(parents=True, exist_ok=True)
        with ExitStack() as unlocked:
            self._locks = unlocked
            self._lock(path)
            self._refuse_inputs(inputs)
            before = self._before()
            sweep(path, OWN)
            self.work = path if before is None else self._unfinished()
            self._manifest = manifests.begun(command, self._names)
            self._manifest.write(self.work)
            self._locks = unlocked.pop_all()

    @property
    def staged(self) -> bool:
        """Whether an earlier run lies here until this one has ended."""
        return self.work != self.path

    def end(self, chain: str = "") -> None:
        """Say that the run has come to its end."""
        self._chain, self._ended = chain, True

    def __enter__(self) -> RunFolder:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if error is None and self._ended:
                self._close("ended", "")
                if self.staged:
                    _put_in_place(self.path, self._manifest)
                    self.work = self.path
            elif isinstance(error, Misuse):
                self._close("refused", str(error))
            else:
                self._close("cut", "" if error is None else _problem(error))
        finally:
            self._locks.close()

    def _lock(self, folder: Path) -> None:
        self._locks.callback(Lock(folder).release)

    def _close(self, status: str, problem: str) -> None:
        files = marks(self.work, self._names)
        self._manifest = replace(self._manifest, status=status, problem=problem, chain=self._chain, files=files)
        self._manifest.write(self.work)

    def _before(self) -> Manifest | None:
        """The earlier run that lies here, None in an empty folder. Raises BadInput for other people's files."""
        interrupted = _interrupted(self.path)
        if interrupted is not None:
            _put_in_place(self.path, interrupted)
        found = manifests.read(self.path)
        if found is None:
            others = {entry.name for entry in self.path.iterdir()} - {beside(self.path / name).name for name in OWN}
            if others:
                some = ", ".join(sorted(others)[:3])
                problem = "files that Tocsin did not write lie here; give a new or an empty folder"
                raise BadInput(problem, file=str(self.path), value=some)
            return None
        for name in {*self._names, *found.files}:
            path = self.path / name
            if os.path.lexists(path) and (name not in found.files or path.is_symlink() or not path.is_file()):
                problem = "Tocsin did not write this file, and the run would replace it; give another --out"
                raise BadInput(problem, file=str(path))
        for name in changed_files(self.path, found):
            problem = "changed since the run wrote it; move it away or give another --out"
            raise BadInput(problem, file=str(self.path / name))
        return found

    def _refuse_inputs(self, inputs: Iterable[Path | None]) -> None:
        ours = {(folder / name).resolve() for folder in (self.path, self.path / UNFINISHED) for name in OWN}
        for source in inputs:
            if source is not None and source.resolve() in ours:
                raise BadInput("the run would overwrite this input; choose another --out", file=str(source))

    def _unfinished(self) -> Path:
        """The folder inside in which the new run is written, locked too: it is a run folder while it lasts."""
        inner = self.path / UNFINISHED
        if inner.is_dir() and not inner.is_symlink():
            self._lock(inner)
            return cleared(inner)
        cleared(inner)
        self._lock(inner)
        return inner


def _interrupted(folder: Path) -> Manifest | None:
    """The ended run that was about to take the place of the one in this folder, None where there is none."""
    inner = folder / UNFINISHED
    if inner.is_symlink() or not inner.is_dir():
        return None
    outer, new = manifests.read(folder), manifests.read(inner)
    if outer is None or outer.status != "running" or new is None or new.status != "ended":
        return None
    return new if outer.files.keys() >= new.files.keys() else None


def _put_in_place(folder: Path, new: Manifest) -> None:
    """Let the new run take the earlier one's place; a break in between leaves a folder that says `running`."""
    inner, before = folder / UNFINISHED, manifests.read(folder)
    assert before is not None
    replace(new, status="running", files=dict.fromkeys((*before.files, *new.files))).write(folder)
    for name in before.files:
        if name not in new.files:
            (folder / name).unlink(missing_ok=True)
    for name in new.files:
        if (inner / name).is_file():
            (inner / name).replace(folder / name)
    new.write(folder)
    (inner / MANIFEST).unlink()
    if not any(inner.iterdir()):  # a file that somebody put there meanwhile stays
        inner.rmdir()


def _problem(error: BaseException) -> str:
    text = str(error)
    name = type(error).__name__
    return f"{name}: {text}" if text else name
