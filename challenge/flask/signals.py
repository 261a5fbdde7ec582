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

#: A network or account takes much more than usual. Keyword: `alarm`, with `who` ("network" or
#: "account"), `units` that it bought in this hour, and the `limit` beyond which that is much. Sent
#: while its request is served, so `flask.request` says who it is. With `who` "store" it is the
#: first page of a minute that opens uncounted (FAIL_OPEN), and `limit` how many may.
alarm_raised = _signals.signal("alarm-raised")

#: A challenge was asked for. Keywords: `factor` (1 to 8), `reasons` (what is odd about the browser,
#: see docs/behaviour.md), `renews` (whether a visitor with a clearance reads on).
challenge_quoted = _signals.signal("challenge-quoted")

#: A call to redeem was refused. Keywords: `code`.
redeem_refused = _signals.signal("redeem-refused")
