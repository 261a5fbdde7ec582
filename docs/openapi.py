"""Write openapi.yaml as the JSON that the gate serves; `./run build` calls it."""

import json
from pathlib import Path

import yaml

SOURCE = Path(__file__).parent / "openapi.yaml"
SERVED = Path(__file__).parent.parent / "challenge" / "openapi.json"


def main() -> None:
    document = yaml.safe_load(SOURCE.read_text())
    SERVED.write_text(json.dumps(document, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
