"""Compiles the WebAssembly of the `sha256` puzzle: `python wasm.py [--out FOLDER]`.

With the pinned Zig of the extra `build` the same source makes the same bytes, so that what is
committed in dist can be checked by making it again.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
SOURCE = Path("src/solver/sha256_scan.c")
FLAGS = ["--target=wasm32-freestanding", "-O3", "-nostdlib", "-Wl,--no-entry", "-Wl,--strip-all"]
# The loop needs little more than its variables: with them, all fits into one page of 64 KiB.
FLAGS += ["-Wl,-z,stack-size=4096"]
MODULES = {"sha256-simd.wasm": ["-msimd128"], "sha256.wasm": []}


def main() -> None:
    """Compile both modules."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=HERE / "dist", help="default: dist beside this")
    out = parser.parse_args().out.resolve()
    for name, flags in MODULES.items():
        zig = [sys.executable, "-m", "ziglang", "cc", *FLAGS, *flags]
        subprocess.run([*zig, str(SOURCE), "-o", str(out / name)], cwd=HERE, check=True)
        # The linker marks it as a program.
        (out / name).chmod(0o644)


if __name__ == "__main__":
    main()
