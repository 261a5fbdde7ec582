"""What a Redis server says of itself (INFO), and whether a store may be kept there."""

from __future__ import annotations

from dataclasses import dataclass

#: SET with KEEPTTL came with 6.0; 6.2 is the oldest that the tests run on
VERSION_MIN = (6, 2)
#: the one policy under which nothing is thrown away that has not ended
POLICY = "noeviction"
#: what a server is, and how to name one
_MODES = {
    "standalone": "the server is no part of a cluster: redis://",
    "cluster": "the server is part of a cluster: redis+cluster://",
    "sentinel": "the server is a sentinel: redis+sentinel://",
}


@dataclass(frozen=True, slots=True)
class Info:
    """A part of a server's INFO."""

    #: of this start of the server, and of the history of writes that it goes on with
    run_id: str
    replication_id: str
    role: str
    mode: str
    version: tuple[int, ...]
    policy: str
    #: bytes in use, and how many it may use; 0 for as many as there are
    used: int
    most: int
    #: replicas that are connected, and whether it stops writing when too few of them follow
    replicas: int
    needs_replicas: bool

    def unfit(self, mode: str) -> str:
        """Why no store may be kept there; empty if one may.

        :param mode: what the server has to be: standalone, or of a cluster.
        """
        if not self.run_id or not self.replication_id:
            return "the server does not tell its run id and replication id"
        if self.version < VERSION_MIN:
            return f"Redis {'.'.join(map(str, VERSION_MIN))} or later is needed"
        if self.mode != mode:
            return _MODES.get(self.mode, f"the server is {self.mode}")
        if self.role != "master":
            return "the server is a replica"
        if self.policy != POLICY:
            return (
                f"its maxmemory-policy must be {POLICY}, since a spent challenge that is evicted"
                " could be spent again"
            )
        return ""

    @property
    def fill(self) -> float:
        """How much of its memory is in use, from 0 to 1."""
        return self.used / self.most if self.most else 0.0


def read_info(text: bytes) -> Info:
    """The reply to INFO."""
    lines = text.decode(errors="replace").splitlines()
    told = dict(line.split(":", 1) for line in lines if ":" in line)
    return Info(
        run_id=told.get("run_id", ""),
        replication_id=told.get("master_replid", ""),
        role=told.get("role", ""),
        mode=told.get("redis_mode", told.get("server_mode", "")),
        version=tuple(_number(part) for part in told.get("redis_version", "").split(".")),
        policy=told.get("maxmemory_policy", ""),
        used=_number(told.get("used_memory", "")),
        most=_number(told.get("maxmemory", "")),
        replicas=_number(told.get("connected_slaves", "")),
        # It is only told where `min-replicas-to-write` is set.
        needs_replicas="min_slaves_good_slaves" in told,
    )


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() else 0
