"""What is known of other projects' solvers that `./run bench solver` does not measure itself."""

from __future__ import annotations

from dataclasses import dataclass

#: BLAKE2b with 128 bytes of input, natively with AVX-512, as a share of SHA-256 likewise: measured
#: once with loops of our own, 37.6 and 66.0 million a second on one core
BLAKE2B_SHARE = 37.6 / 66.0


@dataclass(frozen=True)
class Peer:
    """A solver by another project, with the defaults it is shipped with."""

    label: str
    #: expected hashes of its default puzzle; 0 where it has none
    hashes: int = 0
    #: what the default is
    default: str = ""
    #: its native rate as a share of ours
    native_share: float = 1.0
    #: microseconds of its server for one solved puzzle
    verify_us: float | None = None
    #: bytes of brotli before the first solve
    carried: int | None = None


#: What their servers take and their pages carry was measured once, by hand: @cap.js/server 4.0.5 in
#: Node and the widget 0.1.57 with its WASM; altcha 2.3.0 from PyPI and from npm; Friendly's widget
#: with worker and WASM inside; @mcaptcha/pow-wasm 0.1.0-rc2 with its glue.
PEERS = {
    "cap": Peer("Cap, WASM", 3_276_800, "50 times 4 hex digits", 1.0, 1172, 26_512),
    "altcha": Peer("ALTCHA 2, WebCrypto", 500_000, "`maxnumber` of 1,000,000", 1.0, 11.1, 21_656),
    "friendly": Peer(
        "Friendly Captcha, WASM",
        1_987_545,
        "51 puzzles at 122, assumed",
        BLAKE2B_SHARE,
        None,
        14_628,
    ),
    "mcaptcha": Peer("mCaptcha, WASM", 50_000, "average traffic", 1.0, None, 22_257),
    "webcrypto-loop": Peer("WebCrypto, a call a nonce"),
    "webcrypto-prealloc": Peer("WebCrypto, one buffer kept"),
}
