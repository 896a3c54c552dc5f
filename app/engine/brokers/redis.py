"""The broker of a cluster: Redis carries envelopes to every process; the event table vouches for them.

A numbered envelope that Redis does not take is not sent again: each process sees the hole in front of the next one, or
looks into the table after a second of silence. So a fault of Redis delays events by a second or two, fails no request,
and loses none: be it away, frozen, full, flushed, or back with an old copy of its data.

Envelopes without a number are lost when Redis is away, and counted.
"""

import logging
import threading
import time
from collections import Counter
from queue import Empty, Full, Queue

from redis import RedisError

from app.engine.brokers import Broker, Deliver
from app.engine.brokers.inbox import Inbox
from app.engine.brokers.redis_streams import Position, RedisStreams
from app.engine.brokers.seal import Refused, Seal
from app.engine.envelope import Envelope
from app.engine.history import History

logger = logging.getLogger(__name__)

BACKLOG = 20_000  # envelopes that wait to be sent
BATCH = 500  # envelopes sent in one transaction
POLL = 1.0  # seconds without a numbered envelope, after which the table is asked
RETRY = 1.0  # seconds between tries while something is away

Counts = Counter[str]


class RedisBroker(Broker):
    """Carries envelopes by way of Redis.

    A process that serves sockets sends in the background, so that no request waits for Redis. One that does not (the
    Flask CLI, a worker) never calls ``follow``; what it publishes is sent before ``publish`` returns. The background is
    threads, which are greenlets where eventlet has patched the standard library.

    Attributes:
        counts: ``lost``: envelopes that were not sent (numbered ones are found in the table); ``forged``: entries
            that nobody with our key wrote; ``repeated``: those without a number that came again, or behind a newer one
            of their writer; ``refused``: numbered ones that came behind a higher number; ``reconnected``: how often
            reading went on after a fault.

    Args:
        url: of Redis.
        key: what envelopes are signed with; the same in all processes that belong together, and in no other.
        history: the event table.
    """

    def __init__(self, url: str, key: bytes, history: History) -> None:
        self.counts: Counts = Counter()
        self._history = history
        self._streams = RedisStreams(url, Seal(key))
        self._writer = _Writer(self._streams, history, self.counts)
        self._deliver: Deliver | None = None

    def start(self, deliver: Deliver) -> None:
        self._deliver = deliver

    def follow(self, seq: int) -> None:
        if self._deliver is None:
            raise RuntimeError("The broker was not started: call SocketIO.init_app first.")
        reader = _Reader(self._streams, self._history, Inbox(seq, self._deliver, self._history), self.counts)
        self._writer.start()
        threading.Thread(target=reader.run, daemon=True).start()

    def publish(self, envelope: Envelope) -> None:
        self._writer.write(envelope)

    def catch_up(self) -> None:
        """The reader asks the table by itself; it alone may deliver."""

    def answers(self) -> bool:
        try:
            self._streams.try_writing()
        except RedisError:
            return False
        return True


class _Writer:
    """Sends in the order of writing, each envelope once or not at all."""

    def __init__(self, streams: RedisStreams, history: History, counts: Counts) -> None:
        self._streams = streams
        self._history = history
        self._counts = counts
        self._backlog: Queue[Envelope] = Queue(BACKLOG)
        self._started = False
        self._away = False

    def start(self) -> None:
        self._started = True
        threading.Thread(target=self._run, daemon=True).start()

    def write(self, envelope: Envelope) -> None:
        if not self._started:
            self._send([envelope])
            return
        try:
            self._backlog.put_nowait(envelope)
        except Full:
            self._counts["lost"] += 1

    def _run(self) -> None:
        while True:
            self._send(self._next_batch())

    def _next_batch(self) -> list[Envelope]:
        batch = [self._backlog.get()]
        while len(batch) < BATCH:
            try:
                batch.append(self._backlog.get_nowait())
            except Empty:
                break
        return batch

    def _send(self, batch: list[Envelope]) -> None:
        try:
            refused = self._streams.append(batch)
        except RedisError as error:
            self._counts["lost"] += len(batch)
            if not self._away:
                logger.warning("Redis takes no envelopes; those with a number are found in the table: %s", error)
            self._away = True
            return
        self._away = False
        self._counts["refused"] += refused
        if refused:
            self._look_why()

    def _look_why(self) -> None:
        """Another process was quicker with the next numbers; or Redis and the table don't belong together."""
        try:
            self._streams.discard_beyond(lambda: self._history.kept().newest)
        except Exception:
            logger.exception("what Redis holds could not be compared with the event table")


class _Reader:
    """Reads the streams for as long as the process lives.

    Each read is a question that Redis has two seconds to answer: a dead connection is noticed, with nothing to send
    over it, as soon as any other fault.
    """

    def __init__(self, streams: RedisStreams, history: History, inbox: Inbox, counts: Counts) -> None:
        self._streams = streams
        self._history = history
        self._inbox = inbox
        self._counts = counts
        self._position: Position | None = None
        self._was_cut_off = False
        self._asked_at = time.monotonic()

    def run(self) -> None:
        while True:
            try:
                self._read_or_wait()
                if time.monotonic() - self._asked_at >= POLL:
                    self._ask_table()
            except Exception:
                logger.exception("an event could not be delivered; the next try is in %s s", RETRY)
                time.sleep(RETRY)

    def _read_or_wait(self) -> None:
        try:
            if self._position is None:
                self._position = self._begin()
                self._counts["reconnected"] += self._was_cut_off
            self._read(self._position)
        except RedisError as error:
            if self._position is not None:
                logger.warning("Redis can't be read; events come from the table until it can: %s", error)
            self._position, self._was_cut_off = None, True
            time.sleep(RETRY)

    def _begin(self) -> Position:
        self._streams.discard_beyond(lambda: self._history.kept().newest)
        return Position(f"{self._inbox.seq}-0", self._streams.end_of_unnumbered())

    def _read(self, position: Position) -> None:
        for envelope in self._streams.read(position):
            if isinstance(envelope, Refused):
                self._counts[envelope] += 1
                continue
            self._inbox.take(envelope)
            if envelope.seq is not None:
                self._asked_at = time.monotonic()
        time.sleep(0)  # others have their turn, though Redis should always have more

    def _ask_table(self) -> None:
        self._inbox.catch_up()
        self._asked_at = time.monotonic()
        if self._position is not None:  # back to before what was forged or is gone: numbers may begin there again
            self._position.numbered = f"{self._inbox.seq}-0"
