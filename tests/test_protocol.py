import re

from .serving import ROOT


def table_of_codes() -> set[tuple[int, str]]:
    """Each status with each of its codes, as the page's table has them."""
    rows = re.findall(r"^\| (\d{3}) \| (.*) \|$", section("9. Codes"), re.MULTILINE)
    return {(int(status), code) for status, row in rows for code in re.findall(r"`(\w+)`", row)}


def section(title: str) -> str:
    text = (ROOT / "docs" / "protocol.md").read_text()
    return text.partition(f"\n## {title}\n")[2].partition("\n## ")[0]
