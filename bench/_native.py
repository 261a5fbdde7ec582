"""The native search of bench/native: built here, checked before it is believed, and driven."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from challenge.core.puzzles.sha256 import output

SOURCE = Path(__file__).parent / "native" / "sha256_search.c"
VECTORS = Path(__file__).parent.parent / "tests" / "vectors" / "sha256_puzzle.json"
#: a nonce is searched by its upper half first, so that much lies between two lower halves
UPPER_HALVES = 2**21


def compiler() -> list[str] | None:
    """The system's C compiler, else the one of the `ziglang` package, else None."""
    if found := shutil.which("cc"):
        return [found]
    if importlib.util.find_spec("ziglang"):
        return [sys.executable, "-m", "ziglang", "cc"]
    return None


@dataclass(frozen=True)
class Native:
    """The program. Each of its forms finds the same answers, at its own speed."""

    program: Path

    @classmethod
    def build(cls, folder: Path) -> Native:
        """Compile it into a folder.

        :raises RuntimeError: if there is no compiler.
        :raises subprocess.CalledProcessError: if it does not compile.
        """
        command = compiler()
        if command is None:
            raise RuntimeError("the native search needs a C compiler: cc, or the ziglang package")
        program = folder / SOURCE.stem
        subprocess.run([*command, "-O3", "-o", str(program), str(SOURCE)], check=True)
        return cls(program)

    def forms(self) -> list[str]:
        """What this machine's processor can run."""
        names: list[str] = self._call("forms")
        return names

    def rate(self, form: str, seconds: float) -> float:
        """Hashes a second of one core."""
        told = self._call(form, "rate", seconds)
        return float(told["hashes"] / told["seconds"])

    def accepts(self, form: str, seed: bytes, index: int, nonce: int, threshold: int) -> bool:
        """Whether the nonce's output is at most the threshold, as this form sees it."""
        told: bool = self._call(form, "accepts", seed.hex(), index, nonce, f"{threshold:x}")
        return told

    def solve(
        self, seeds: Iterable[bytes], count: int, threshold: int, form: str = "best"
    ) -> Iterator[list[int]]:
        """The answers to the puzzle of each seed."""
        lines = "".join(f"{seed.hex()} {count} {threshold:x}\n" for seed in seeds)
        done = self._run(form, "solve", lines=lines)
        yield from map(json.loads, done.splitlines())

    def _call(self, *arguments: object) -> Any:
        return json.loads(self._run(*arguments))

    def _run(self, *arguments: object, lines: str = "") -> str:
        command = [str(self.program), *map(str, arguments)]
        done = subprocess.run(command, input=lines, stdout=subprocess.PIPE, text=True, check=True)
        return done.stdout


def tries(answer: int) -> int:
    """How many nonces the program tried until this one."""
    upper, lower = divmod(answer, 2**32)
    return lower * UPPER_HALVES + upper + 1


def wrong(native: Native, form: str) -> list[str]:
    """What a form gets wrong of the vectors, which Python's hashlib has made."""
    vectors = json.loads(VECTORS.read_text())
    found = []
    for vector in vectors["digests"]:
        seed, first = bytes.fromhex(vector["seed"]), int(vector["first64"], 16)
        for threshold in (first, first - 1):
            says = native.accepts(form, seed, vector["index"], vector["nonce"], threshold)
            if says != (first <= threshold):
                found.append(f"nonce {vector['nonce']} at {threshold:016x}: {says}")
    if found:
        return found  # It might search for answers for ever.
    for vector in vectors["solutions"]:
        seed, threshold = bytes.fromhex(vector["seed"]), int(vector["threshold"], 16)
        (answers,) = native.solve([seed], 16, threshold, form)
        for index, answer in enumerate(answers):
            if output(seed, index, answer) > threshold:
                found.append(f"answer {answer} at {threshold:016x}")
    return found


def seeds(number: int) -> Iterator[bytes]:
    """Always the same."""
    for at in range(number):
        yield hashlib.sha256(f"tallygate bench solver {at}".encode()).digest()
