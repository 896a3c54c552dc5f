"""The two Redis streams of a cluster, and how envelopes are entries of them."""

import logging
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, cast

from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import ResponseError
from redis.retry import Retry

from app.engine.brokers.seal import Refused, Seal
from app.engine.envelope import Envelope

logger = logging.getLogger(__name__)

KEPT = 20_000  # numbered entries in Redis; a process that is further behind reads the table
KEPT_UNNUMBERED = 1_000
TIMEOUT = 1.0  # seconds that Redis has to accept a connection, and to answer
BLOCK = 1.0  # seconds that a read waits for something new
BATCH = 500  # entries in one read

Entries = list[tuple[str, dict[str, str]]]


@dataclass
class Position:
    """The last entry read of each stream, by its id."""

    numbered: str
    unnumbered: str


class RedisStreams:
    """Envelopes with a number are entries ``<seq>-0`` of one stream: Redis itself refuses a repeat. All others are
    entries of a second one.

    Every method raises :class:`redis.RedisError` when Redis can't do it, within two seconds.

    Args:
        url: of Redis.
        seal: signs what is appended. Who has another key uses other streams.
    """

    def __init__(self, url: str, seal: Seal) -> None:
        self._seal = seal
        self._numbered = f"realtime:{seal.fingerprint}:numbered"
        self._unnumbered = f"realtime:{seal.fingerprint}:unnumbered"
        self._probe = f"realtime:{seal.fingerprint}:probe"
        self._turn = threading.Lock()  # green where eventlet has patched threading
        self._writing = _client(url, TIMEOUT)
        self._reading = _client(url, BLOCK + TIMEOUT)

    def append(self, envelopes: Iterable[Envelope]) -> int:
        """Append all in one transaction, or none.

        Returns:
            How many of them were refused, because there is one with their number or a higher one.
        """
        pipeline = self._writing.pipeline(transaction=True)
        with self._turn:
            for envelope in envelopes:
                stream, id, kept = self._unnumbered, "*", KEPT_UNNUMBERED
                if envelope.seq is not None:
                    stream, id, kept = self._numbered, f"{envelope.seq}-0", KEPT
                pipeline.xadd(stream, cast(Any, self._seal.close(envelope)), id=id, maxlen=kept, approximate=True)
            results = pipeline.execute(raise_on_error=False)
        return sum(isinstance(result, ResponseError) for result in results)

    def read(self, position: Position) -> Iterator[Envelope | Refused]:
        """What is behind ``position``, which moves on when the next one is asked for; of what is no envelope why not.

        Waits up to a second for something new.
        """
        behind = {self._numbered: position.numbered, self._unnumbered: position.unnumbered}
        found = self._reading.xread(cast(Any, behind), count=BATCH, block=int(BLOCK * 1000))
        for stream, entries in cast(list[tuple[str, Entries]], found or []):
            for id, fields in entries:
                if stream == self._numbered:
                    yield self._open_numbered(id, fields)
                    position.numbered = id
                else:
                    yield self._seal.open(fields, None)
                    position.unnumbered = id

    def end_of_unnumbered(self) -> str:
        """The id of the newest entry without a number."""
        newest = cast(Entries, self._reading.xrevrange(self._unnumbered, count=1))
        return newest[0][0] if newest else "0-0"

    def newest(self) -> int:
        """The highest number that was appended; 0 before the first."""
        if not self._writing.exists(self._numbered):
            return 0
        last = cast(dict[str, str], self._writing.xinfo_stream(self._numbered))["last-generated-id"]
        return int(last.partition("-")[0])

    def discard_beyond(self, newest: Callable[[], int]) -> None:
        """Remove the numbered entries if the last of them was never given its number.

        That is so when the database was made anew or restored, or somebody else has written there.

        Args:
            newest: says the highest number that was given; asked after the stream was looked at.
        """
        last = self.newest()
        if last and last > newest():
            logger.warning("Redis holds numbers that were never given, up to %d: they are removed", last)
            self._writing.delete(self._numbered)

    def try_writing(self) -> None:
        """Do nothing, but as ``append`` would."""
        self._writing.set(self._probe, "", ex=60)

    def _open_numbered(self, id: str, fields: dict[str, str]) -> Envelope | Refused:
        seq, _, rest = id.partition("-")
        return self._seal.open(fields, int(seq)) if rest == "0" else Refused.FORGED


def _client(url: str, timeout: float) -> "Redis":
    """Without the library's retries, and with the older protocol, whose answers have one form. What is no UTF-8, and so
    was written by somebody else, is read all the same: the reader would stand before it for ever.
    """
    return Redis.from_url(
        url,
        protocol=2,
        decode_responses=True,
        encoding_errors="replace",
        retry=Retry(NoBackoff(), 0),
        socket_connect_timeout=TIMEOUT,
        socket_timeout=timeout,
    )
