"""What people install: the wheel and the source archive carry the bundle."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from challenge import assets

ROOT = Path(__file__).parent.parent
BUNDLE = {
    f"challenge/_static/{name}"
    for name in ("challenge.js", "challenge.js.br", "challenge.js.gz", "challenge.css",
                 "challenge.css.br", "challenge.css.gz", "manifest.json",
                 "widget.js", "widget.js.br", "widget.js.gz",
                 "report.css", "report.js")
}  # fmt: skip


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "-w", str(folder), "."]
    subprocess.run(command, cwd=ROOT, check=True)
    [built] = folder.glob("tallygate-*.whl")
    return built


def test_the_wheel_holds_the_package_and_the_bundle_and_nothing_else(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    assert names >= BUNDLE
    assert {"challenge/py.typed", "challenge/templates/challenge/interstitial.html"} <= names
    assert "challenge/openapi.json" in names
    assert {"challenge/stores/lua/charge.lua", "challenge/stores/lua/spend.lua"} <= names
    assert "challenge/languages/ar.toml" in names
    assert "challenge/kinematics.json" in names
    assert {name.split("/")[0].split("-")[0] for name in names} == {"challenge", "tallygate"}


def test_an_installed_wheel_serves_its_own_bundle(wheel: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index"]
    subprocess.run([*command, "--target", str(tmp_path), str(wheel)], check=True)
    code = (
        "from challenge import assets; from flask import Flask; from challenge import Gate;"
        "app = Flask('x', instance_path=__import__('tempfile').mkdtemp()); Gate(app);"
        "print(assets.folder());"
        "print(app.test_client().get('/challenge/static/challenge.js').status_code)"
    )
    shown = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert shown.stdout.split() == [str(tmp_path / "challenge" / "_static"), "200"]


def test_a_checkout_serves_what_is_built_in_it() -> None:
    assert assets.folder() == ROOT / "static" / "js" / "dist"
    table = assets.load()
    for name in ("challenge.js", "challenge.css", "widget.js"):
        asset = table[name]
        assert table[asset.hashed] is asset
        assert asset.bodies["identity"] == (assets.folder() / name).read_bytes()
        assert asset.integrity.startswith("sha384-")
