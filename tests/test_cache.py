"""An edited kernel is compiled anew, and so is every kernel that calls it; the others keep their machine code."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "src" / "tocsin"
FOLDERS = "from tocsin._cache import cache_folder as f; print(f('tocsin.kernels.{0}'), f('tocsin.kernels.{1}'))"

TWICE = "from tocsin._cache import cache_folder as f; f('tocsin.kernels.zones')"


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    shutil.copytree(PACKAGE, tmp_path / "tocsin", ignore=shutil.ignore_patterns("__pycache__"))
    kernels = tmp_path / "tocsin" / "kernels"
    head = "from tocsin.kernels.jit import kernel\n"
    (kernels / "inner_k.py").write_text(f"{head}@kernel\ndef inner(x):\n    return x + 1.0\n")
    (kernels / "outer_k.py").write_text(
        f"{head}from tocsin.kernels.inner_k import inner\n@kernel\ndef outer(x):\n    return 2.0 * inner(x)\n"
    )
    return tmp_path


def python(copy: Path, code: str) -> str:
    environment = {"PYTHONPATH": str(copy), "XDG_CACHE_HOME": str(copy / "cache"), "PATH": ""}
    environment["PYTHONDONTWRITEBYTECODE"] = "1"  # byte code is stale by the second, and an edit here comes sooner
    return subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True, timeout=120
    ).stdout


def test_a_caller_in_another_module_sees_the_edit(copy: Path) -> None:
    call = "from tocsin.kernels.outer_k import outer; print(outer(3.0))"
    assert python(copy, call) == "8.0\n"
    inner = copy / "tocsin" / "kernels" / "inner_k.py"
    inner.write_text(inner.read_text().replace("1.0", "5.0"))
    assert python(copy, call) == "16.0\n"


def test_an_edit_moves_the_folders_that_it_reaches_only(copy: Path) -> None:
    before = python(copy, FOLDERS.format("outer_k", "atmosphere")).split()
    inner = copy / "tocsin" / "kernels" / "inner_k.py"
    inner.write_text(inner.read_text() + "\n# edited\n")
    after = python(copy, FOLDERS.format("outer_k", "atmosphere")).split()
    assert after[0] != before[0]
    assert after[1] == before[1]


def told(
    cache: Path | str, temporary: Path, code: str = "from tocsin._cache import cache_folder as f"
) -> tuple[str, str]:
    """Where a kernel's machine code goes with this cache folder, and what was said of it."""
    environment = {
        "PYTHONPATH": str(PACKAGE.parent),
        "XDG_CACHE_HOME": str(cache),
        "TMPDIR": str(temporary),
        "PATH": "",
    }
    done = subprocess.run(
        [sys.executable, "-c", f"{TWICE}; print(f('tocsin.kernels.polar'))"],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    return done.stdout.strip(), done.stderr


def test_the_folder_of_a_user_is_private_and_nothing_is_said(tmp_path: Path) -> None:
    folder, said = told(tmp_path / "cache", tmp_path)
    assert Path(folder).parent == tmp_path / "cache" / "tocsin"
    assert Path(folder).parent.stat().st_mode & 0o077 == 0
    assert said == ""


def test_without_a_writable_home_a_private_temporary_folder_is_used_and_told_once(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    folder, said = told(tmp_path / "file", tmp_path)
    kept = Path(folder).parent
    assert kept.parent == tmp_path
    assert kept.stat().st_mode & 0o077 == 0
    assert said.count("cannot hold compiled kernels (Not a directory); they are kept in") == 1
    assert Path(told(tmp_path / "file", tmp_path)[0]).parent == kept, "it is there again for the next run"


def test_a_folder_that_everybody_may_write_to_is_not_used(tmp_path: Path) -> None:
    wide = tmp_path / "cache" / "tocsin"
    wide.mkdir(parents=True)
    wide.chmod(0o777)
    folder, said = told(tmp_path / "cache", tmp_path)
    assert wide not in Path(folder).parents
    assert "everybody may write to it" in said
    Path(folder).parent.chmod(0o777)
    again, _ = told(tmp_path / "cache", tmp_path)
    assert Path(again).parent not in (wide, Path(folder).parent), "nor one in the folder for temporary files"
    assert not Path(again).parent.exists(), "a folder for one process goes with it"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make a folder of another user")
def test_a_folder_of_another_user_is_not_used(tmp_path: Path) -> None:
    theirs = tmp_path / "cache" / "tocsin"
    theirs.mkdir(parents=True)
    os.chown(theirs, 65534, 65534)
    folder, said = told(tmp_path / "cache", tmp_path)
    assert theirs not in Path(folder).parents
    assert "it belongs to another user" in said


def test_a_link_in_the_folder_for_temporary_files_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    (tmp_path / "elsewhere").mkdir(mode=0o700)
    (tmp_path / f"tocsin-{os.geteuid()}").symlink_to(tmp_path / "elsewhere")
    folder, _ = told(tmp_path / "file", tmp_path)
    assert Path(folder).parent.name != f"tocsin-{os.geteuid()}"
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_a_closed_standard_error_stops_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    environment = {"PYTHONPATH": str(PACKAGE.parent), "XDG_CACHE_HOME": str(tmp_path / "file"), "TMPDIR": str(tmp_path)}
    done = subprocess.run(
        ["/bin/sh", "-c", 'exec "$0" -c "$1" 2>&-', sys.executable, f"{TWICE}; print('went on')"],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert (done.returncode, done.stdout) == (0, "went on\n")
