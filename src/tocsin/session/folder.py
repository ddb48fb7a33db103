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

__all__ = ["UNFINISHED", "Lock", "RunFolder", "status_of"]

UNFINISHED = "unfinished"


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

    A run whose writer has gone without a word, by a kill or a power cut, still says `running`; it is `cut`.
    """
    found = manifests.read(folder)
    if found is None:
        return "", ""
    if found.status != "running":
        return found.status, found.problem
    try:
        Lock(folder).release()
    except BadInput:
        return "running", ""
    return "cut", "its process ended without a word"


class RunFolder:
    """A folder that is being written. Leave the `with` block by an error, and the folder says what stopped the run."""

    def __init__(self, path: Path, command: str, names: Iterable[str], inputs: Iterable[Path | None] = ()) -> None:
        """Take a folder for a run that writes `names`. Raises BadInput where that would cost anybody a file."""
        self.path, self._names, self._chain, self._ended = path, tuple(names), "", False
        if path.exists() and not path.is_dir():
            raise BadInput("this is a file; give a folder", file=str(path))
        path.mkdir(parents=True, exist_ok=True)
        self._lock = Lock(path)
        with ExitStack() as unlocked:
            unlocked.callback(self._lock.release)
            before = self._before()
            self._refuse_inputs(inputs)
            self.work = path if before is None else self._unfinished()
            self._manifest = manifests.begun(command, self._names)
            self._manifest.write(self.work)
            unlocked.pop_all()

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
                    self._put_in_place()
            elif isinstance(error, Misuse):
                self._close("refused", str(error))
            else:
                self._close("cut", "" if error is None else _problem(error))
        finally:
            self._lock.release()

    def _close(self, status: str, problem: str) -> None:
        files = marks(self.work, self._names)
        self._manifest = replace(self._manifest, status=status, problem=problem, chain=self._chain, files=files)
        self._manifest.write(self.work)

    def _before(self) -> Manifest | None:
        """The earlier run that lies here, None in an empty folder. Raises BadInput for other people's files."""
        found = self._placed() or manifests.read(self.path)
        others = {entry.name for entry in self.path.iterdir()} - {MANIFEST}
        if found is None:
            if others:
                some = ", ".join(sorted(others)[:3])
                problem = "files that Tocsin did not write lie here; give a new or an empty folder"
                raise BadInput(problem, file=str(self.path), value=some)
            return None
        for name in self._names:
            if name not in found.files and os.path.lexists(self.path / name):
                problem = "Tocsin did not write this file, and the run would replace it; give another --out"
                raise BadInput(problem, file=str(self.path / name))
        if found.status == "ended":
            for name in changed_files(self.path, found):
                problem = "changed since the run wrote it; move it away or give another --out"
                raise BadInput(problem, file=str(self.path / name))
        return found

    def _placed(self) -> Manifest | None:
        """Finish what a run had begun that was stopped while it took an earlier one's place; None: nothing to do."""
        inner = self.path / UNFINISHED
        if inner.is_symlink() or not inner.is_dir():
            return None
        outer, new = manifests.read(self.path), manifests.read(inner)
        if outer is None or outer.status != "running" or new is None or new.status != "ended":
            return None
        self.work, self._manifest = inner, new
        self._put_in_place()
        return new

    def _refuse_inputs(self, inputs: Iterable[Path | None]) -> None:
        ours = {(self.path / name).resolve() for name in RUN_FILES}
        for source in inputs:
            if source is not None and source.resolve() in ours:
                raise BadInput("the run would overwrite this input; choose another --out", file=str(source))

    def _unfinished(self) -> Path:
        """The folder inside in which the new run is written; what an earlier attempt left there is cleared."""
        inner = self.path / UNFINISHED
        if inner.is_symlink() or (inner.exists() and not inner.is_dir()):
            raise BadInput("Tocsin needs this name for a folder of its own", file=str(inner))
        if inner.is_dir():
            left = manifests.read(inner)
            others = {entry.name for entry in inner.iterdir()} - {MANIFEST, *(left.files if left else ())}
            if others:
                problem = "files that Tocsin did not write lie here; move them away"
                raise BadInput(problem, file=str(inner), value=", ".join(sorted(others)[:3]))
            _clear(inner, left)
        inner.mkdir(exist_ok=True)
        return inner

    def _put_in_place(self) -> None:
        """Let the new run take the earlier one's place; a break in between leaves a folder that says `running`."""
        before, new = manifests.read(self.path), self._manifest
        assert before is not None
        union = dict.fromkeys((*before.files, *new.files))
        replace(new, status="running", files=union).write(self.path)
        for name in before.files:
            if name not in new.files:
                (self.path / name).unlink(missing_ok=True)
        for name in new.files:
            if (self.work / name).is_file():
                (self.work / name).replace(self.path / name)
        new.write(self.path)
        (self.work / MANIFEST).unlink()
        self.work.rmdir()
        self.work = self.path


def _clear(folder: Path, manifest: Manifest | None) -> None:
    for name in (*(manifest.files if manifest else ()), MANIFEST):
        (folder / name).unlink(missing_ok=True)


def _problem(error: BaseException) -> str:
    text = str(error)
    name = type(error).__name__
    return f"{name}: {text}" if text else name
