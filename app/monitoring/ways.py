"""The way of an event: when it was published, numbered, and written to how many sockets of which process.

Each process remembers the newest events that passed it; who wants to know one event's way asks all of them.
"""

from collections import OrderedDict
from datetime import UTC, datetime

import eventlet
from eventlet.event import Event

from app.core.errors import NotFound
from app.core.ids import new_id
from app.engine import Envelope
from app.engine.envelope import Trace
from app.engine.offsets import Offset
from app.events.controls import AskWay, Passed, TellWay
from app.extensions import socketio
from app.monitoring.schemas import Passage, Way

KEPT = 2_000  # events; 0.5 KB each
PATIENCE = 0.5  # seconds that the other processes have to answer


class Ways:
    """The newest events that passed this process, by their number."""

    def __init__(self) -> None:
        self._passed: OrderedDict[int, tuple[str, Trace, int, float]] = OrderedDict()

    def note(self, seq: int, event: str, trace: Trace, sockets: int, written_at: float) -> None:
        """Remember an event, and forget the oldest of too many."""
        self._passed[seq] = event, trace, sockets, written_at
        if len(self._passed) > KEPT:
            self._passed.popitem(last=False)

    def answer(self, envelope: Envelope) -> None:
        """Tell the process that asks how an event passed this one."""
        asked = AskWay.model_validate_json(envelope.payload)
        told = TellWay(nonce=asked.nonce, process=socketio.sessions.process, passed=self._of(asked.seq))
        eventlet.spawn_n(socketio.publish, told.envelope())  # not inside the delivery of what asks

    def _of(self, seq: int) -> Passed | None:
        if seq not in self._passed:
            return None
        event, trace, sockets, written_at = self._passed[seq]
        return Passed(event=event, **trace._asdict(), sockets=sockets, written_at=written_at)


def way_of(offset: str) -> Way:
    """The way of the event that came with ``offset``, as all processes have it that answer in half a second.

    Raises:
        NotFound: none of them remembers it, or it is no offset.
    """
    parsed = Offset.parse(offset)
    if parsed is None:
        raise NotFound("That is no offset of an event.")
    seq = parsed.reached if parsed.room is not None else parsed.seq
    found = sorted(
        ((told.process, told.passed) for told in _ask_all(seq) if told.passed),
        key=lambda pair: pair[1].written_at,
    )
    if not found:
        raise NotFound("No process remembers this event; each knows the newest 2,000 that passed it.")
    first = found[0][1]
    numbered_at = next((passed.numbered_at for _, passed in found if passed.numbered_at), None)
    return Way(
        seq=seq,
        event=first.event,
        cause=first.cause,
        published_at=_time(first.published_at),
        numbered_at=None if numbered_at is None else _time(numbered_at),
        processes=[
            Passage(
                process=process,
                sockets=passed.sockets,
                written_at=_time(passed.written_at),
                latency=round((passed.written_at - passed.published_at) * 1000, 2),
            )
            for process, passed in found
        ],
    )


def _ask_all(seq: int) -> list[TellWay]:
    ask, expected = AskWay(seq=seq, nonce=new_id()), socketio.presence.living()
    answers: list[TellWay] = []
    complete = Event()

    def take(envelope: Envelope) -> None:
        answers.append(TellWay.model_validate_json(envelope.payload))
        if {told.process for told in answers} >= expected and not complete.ready():
            complete.send()

    stop = socketio.hub.tap(f"@way:{ask.nonce}", take)
    try:
        socketio.publish(ask.envelope())
        with eventlet.Timeout(PATIENCE, False):
            complete.wait()
    finally:
        stop()
    return answers


def _time(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
