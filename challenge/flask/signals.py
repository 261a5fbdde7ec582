"""What happens at the gate, for whoever listens (blinker). The sender is the app."""

from __future__ import annotations

from blinker import Namespace

_signals = Namespace()

#: A clearance was sold. Keywords: `units`.
clearance_sold = _signals.signal("clearance-sold")

#: A request for a gated page passed. Keywords: `remaining`, `charged` (units that it paid).
page_admitted = _signals.signal("page-admitted")

#: A request for a gated page was refused, or would have been. Keywords: `code`, `observed`.
page_refused = _signals.signal("page-refused")

#: A call to redeem was refused. Keywords: `code`.
redeem_refused = _signals.signal("redeem-refused")
