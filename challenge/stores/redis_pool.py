"""A process's connections to a Redis server, each of them one caller's at a time.

redis-py speaks the protocol. Who gets which connection, and when it is closed, is decided here: a
call that ends in any other way than with its own reply closes its connection, so that a reply that
is still on its way reaches nobody (CVE-2023-28858 was that). Nothing is tried twice: a call that
has timed out may have been done, and only the caller knows whether it may be repeated.
"""

from __future__ import annotations

import os
import time
import weakref
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import redis
from redis.connection import Connection

from ..errors import StoreUnavailable
from .breaker import Breaker
from .redis_connection import BROKEN, code, said

#: connections of one process; who comes while all are in use waits for as long as for a reply
CONNECTIONS_MAX = 64
#: what a server says to whom it will not serve, whenever that asks
_NEVER = ("ERR", "NOAUTH", "NOPERM", "WRONGPASS")
Command = Sequence[bytes | str | int | float]


class Unfit(StoreUnavailable):
    """A server that answers, and will not serve until somebody changes something."""


class Elsewhere(StoreUnavailable):
    """A server that has done nothing, since the key is another's, or half of the keys is.

    :param at: host and port of whom it names, if anybody; no host: its own.
    :param asks: whether that one is only getting the key, and has to be asked for it so.
    """

    def __init__(
        self, detail: str, at: tuple[str, int] | None = None, *, asks: bool = False
    ) -> None:
        super().__init__(detail)
        self.at = at
        self.asks = asks


class Pool:
    """Connections to a server.

    :param connect: makes a connection that is not yet open.
    :param greet: called with each new one before it is used; may raise StoreUnavailable.
    :param timeout: seconds to wait for a connection when all are in use.
    """

    def __init__(
        self,
        connect: Callable[[], Connection],
        greet: Callable[[Lease], None],
        *,
        timeout: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._connect = connect
        self._greet = greet
        self._timeout = timeout
        self._clock = clock
        #: whether the server had a replica when it was last asked
        self.replicated = False
        self._forget()
        if hasattr(os, "register_at_fork"):
            forget = weakref.WeakMethod(self._forget)
            os.register_at_fork(after_in_child=lambda: (forget() or _nothing)())

    def _forget(self) -> None:
        # In a forked child: the parent's connections are the parent's, and its locks may be held
        # by threads that do not exist here.
        self._inherited = getattr(self, "_idle", [])
        self._idle: list[Connection] = []
        # One is taken for each connection in use.
        self._slots = [None] * CONNECTIONS_MAX
        self._generation = object()
        self._breaker = Breaker(self._clock)

    def lease(self, kind: type[Lease] | None = None) -> Lease:
        """A connection of one's own while the block runs."""
        return (kind or Lease)(self)

    def call(self, *command: bytes | str | int | float) -> Any:
        """The reply to one command.

        :raises StoreUnavailable: without one, or for an error.
        """
        with self.lease() as lease:
            return lease.call(*command)

    def drop(self) -> None:
        """Close the connections at rest; those in use are closed when they come back."""
        self._generation = object()
        while (connection := _popped(self._idle)) is not None:
            connection.disconnect()

    def take(self) -> Connection:
        """A connection that nobody else has."""
        self._breaker.enter()
        self._take_slot()
        try:
            while (connection := _popped(self._idle)) is not None:
                # One that the server has closed, or that has something to say unasked, is no use.
                if _is_quiet(connection):
                    return connection
            return self._fresh()
        except BaseException:
            self._slots.append(None)
            raise

    def give_back(self, connection: Connection, generation: object, *, fit: bool) -> None:
        """Let somebody else have a connection, or close it."""
        try:
            if fit and generation is self._generation:
                self._idle.append(connection)
            else:
                connection.disconnect()
        finally:
            self._slots.append(None)

    @property
    def generation(self) -> object:
        """Changes when connections are dropped: those taken before are closed as they come back."""
        return self._generation

    def answered(self) -> None:
        """A reply has come."""
        self._breaker.answered()

    def failed(self, error: Exception) -> StoreUnavailable:
        """No reply has come: what to raise. Others of its connections will hardly be better."""
        self._breaker.failed()
        self.drop()
        return StoreUnavailable(said(error))

    def _take_slot(self) -> None:
        # No semaphore: what ends a wait from outside, such as gevent's Timeout, would leave its
        # lock in disorder.
        gives_up = time.monotonic() + self._timeout
        while True:
            try:
                self._slots.pop()
                return
            except IndexError:
                if time.monotonic() >= gives_up:
                    raise StoreUnavailable("all connections are in use") from None
            time.sleep(0.001)

    @contextmanager
    def aside(self, kind: type[Lease] | None = None) -> Iterator[Lease]:
        """A connection for a moment, in which nobody has greeted the server."""
        connection = self._opened()
        try:
            yield (kind or Lease)(self, connection)
        finally:
            connection.disconnect()

    def _fresh(self) -> Connection:
        connection = self._opened()
        try:
            self._greet(Lease(self, connection))
        except BaseException:
            connection.disconnect()
            raise
        return connection

    def _opened(self) -> Connection:
        try:
            connection = self._connect()
            connection.connect()
        except (redis.ResponseError, redis.AuthenticationError) as error:
            raise Unfit(said(error)) from None
        except BROKEN as error:
            raise self.failed(error) from None
        return connection


class Lease:
    """One caller's connection. Left with an error, it is closed.

    :param connection: one to use that the pool does not know of yet.
    """

    __slots__ = ("_connection", "_fit", "_generation", "_pool")

    def __init__(self, pool: Pool, connection: Connection | None = None) -> None:
        self._pool = pool
        self._connection = connection
        self._generation = pool.generation
        self._fit = True

    @property
    def replicated(self) -> bool:
        """Whether the server had a replica when it was last asked."""
        return self._pool.replicated

    @replicated.setter
    def replicated(self, replicated: bool) -> None:
        self._pool.replicated = replicated

    def __enter__(self) -> Lease:
        self._connection = self._pool.take()
        self._generation = self._pool.generation
        return self

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            fit = self._fit and connection.is_connected
            self._pool.give_back(connection, self._generation, fit=fit)

    def call(self, *command: bytes | str | int | float) -> Any:
        """The reply to one command.

        :raises StoreUnavailable: without one, or for an error.
        """
        return self.call_all(command)[0]

    def call_all(self, *commands: Command) -> list[Any]:
        """The replies to commands that are sent together.

        :raises StoreUnavailable: if one is missing, or is an error.
        """
        return self.checked(self.ask(*commands))

    def checked(self, replies: list[Any]) -> list[Any]:
        """The replies.

        :raises StoreUnavailable: if one of them is an error.
        """
        for reply in replies:
            if isinstance(reply, redis.ResponseError):
                raise self.refused(reply) from None
        return replies

    def ask(self, *commands: Command) -> list[Any]:
        """The replies to commands that are sent together; a server's error stands for its reply.

        :raises StoreUnavailable: if a reply is missing.
        """
        connection = self._connection
        # redis-py would open it anew, and nobody would have greeted the server.
        if connection is None or not connection.is_connected:
            raise StoreUnavailable("the connection is gone")
        self._fit = False
        try:
            connection.send_packed_command(connection.pack_commands(commands))
            replies = [_reply(connection) for _ in commands]
        except BROKEN as error:
            raise self._pool.failed(error) from None
        self._fit = True
        self._pool.answered()
        return replies

    def refused(self, error: redis.ResponseError) -> StoreUnavailable:
        """What to raise for a server's error."""
        if isinstance(error, redis.exceptions.ReadOnlyError):
            # It was the master, and is none: the new one is found by a new connection.
            self._fit = False
            self._pool.drop()
        if isinstance(error, redis.exceptions.AskError):
            moved = isinstance(error, redis.exceptions.MovedError)
            return Elsewhere(said(error), error.node_addr, asks=not moved)
        if isinstance(error, redis.exceptions.TryAgainError):
            return Elsewhere(said(error))
        if code(error) in _NEVER:
            return Unfit(said(error))
        if isinstance(error, redis.exceptions.OutOfMemoryError):
            return StoreUnavailable(said(error), code="store_full")
        return StoreUnavailable(said(error))


def _reply(connection: Connection) -> Any:
    try:
        return connection.read_response()
    except redis.ResponseError as error:
        return error


def _is_quiet(connection: Connection) -> bool:
    try:
        quiet = not connection.can_read(timeout=0)
    except (redis.RedisError, OSError):
        quiet = False
    if not quiet:
        connection.disconnect()
    return quiet


def _popped(idle: list[Connection]) -> Connection | None:
    try:
        return idle.pop()
    except IndexError:
        return None


def _nothing() -> None:
    return
