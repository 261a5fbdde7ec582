"""What the visits drive browsers with: installed beside the project, never into it."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

SCRIPTS = Path(__file__).parent.parent / "tools"
LOCK_FILES = ("package.json", "package-lock.json")


def python_with(packages: Sequence[str]) -> Path:
    """A Python that has these packages from PyPI.

    :raises RuntimeError: if they can't be had.
    """

    def fill(folder: Path) -> None:
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        pip = [
            str(folder / "bin" / "python"),
            "-m",
            "pip",
            "install",
            "--disable-pip-version-check",
        ]
        done = subprocess.run([*pip, "-qq", *packages], capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(done.stderr)

    wanted = "\n".join([sys.version, *packages])
    return _once("python", wanted.encode(), fill) / "bin" / "python"


def node_folder() -> Path:
    """A folder with the packages of bench/tools/package-lock.json."""

    def fill(folder: Path) -> None:
        folder.mkdir(parents=True)
        for name in LOCK_FILES:
            shutil.copy(SCRIPTS / name, folder)
        # Their scripts would fetch browsers.
        command = [shutil.which("npm") or "npm", "ci", "--ignore-scripts", "--no-audit"]
        subprocess.run([*command, "--no-fund", "--loglevel=error"], cwd=folder, check=True)

    wanted = b"".join((SCRIPTS / name).read_bytes() for name in LOCK_FILES)
    return _once("node", wanted, fill)


def botd() -> Path:
    """BotD's module."""
    return node_folder() / "node_modules" / "@fingerprintjs" / "botd" / "dist" / "botd.esm.js"


def _once(kind: str, wanted: bytes, fill: Callable[[Path], None]) -> Path:
    folder = _cache() / f"{kind}-{hashlib.sha256(wanted).hexdigest()[:16]}"
    done = folder / ".installed"
    if not done.exists():
        # What was interrupted is begun anew.
        shutil.rmtree(folder, ignore_errors=True)
        print(f"installing into {folder}", file=sys.stderr)
        fill(folder)
        done.touch()
    return folder


def _cache() -> Path:
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "tallygate" / "tools"
