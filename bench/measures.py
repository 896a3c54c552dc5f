"""How each figure of the engine is taken, with the clients in this process."""

import time
from collections.abc import Iterator
from contextlib import ExitStack
from typing import NamedTuple

from bench.contest import FLOOR, NODE, OURS, STOCK
from bench.load import Crowd
from bench.report import Bar
from bench.rounds import Value
from bench.sizes import Room, Size
from bench.target import Kind, Target

COST = "CPU per delivery, room of "  # and the number of sockets in it
NUMBERED = "ours, with offsets"
COMPRESSED = "ours, compressed"
AS_NODE = Bar(1, of=NODE)
MICRO = 1_000_000


def large(size: Size, target: Target) -> Iterator[Value]:
    """A fresh process gets its connections, and tells all of them something, also while others come and go."""
    with Crowd(target) as crowd:
        crowd.join(size.first, "room")
        yield from _connecting(crowd, size.large.members - size.first)
        yield from _delivering(crowd, size.large, Bar(0.65, of=NODE))
        yield Value("longest pause", _pause(crowd, size), "ms", _bars(target, Bar(60)))
        crowd.enter("cell", size.rooms)
        cost = _fan_out(crowd, size.tiny, "cell", size.rooms).cost
        yield Value(f"CPU per delivery, {size.rooms:,} rooms of {size.tiny.members:,}", cost, "µs")


def large_floor(size: Size, target: Target) -> Iterator[Value]:
    """What of this the floor has: costs in the large room."""
    with Crowd(target) as crowd:
        crowd.join(size.large.members, "room")
        yield from _delivering(crowd, size.large)


def middle(size: Size, target: Target) -> Iterator[Value]:
    """Costs and delays in a room of the middle size, and what offsets add."""
    room = size.middle
    with Crowd(target) as crowd:
        crowd.join(room.members, "room", timed_every=10)
        yield from _delivering(crowd, room, Bar(0.65, of=NODE), Bar(1.3, of=FLOOR), Bar(0.25, of=STOCK))
        yield Value(f"delivery, room of {room.members:,}, p50", crowd.delay(0.5), "ms")
        yield Value(f"delivery, room of {room.members:,}, p99", crowd.delay(0.99), "ms", _bars(target, AS_NODE))
        if target.name == OURS:
            cost = _fan_out(crowd, room, kind="numbered").cost
            yield Value(f"{COST}{room.members:,}", cost, "µs", (Bar(1.15, of=OURS),), NUMBERED)


def small(size: Size, target: Target) -> Iterator[Value]:
    """Costs in a small room."""
    with Crowd(target) as crowd:
        crowd.join(size.small.members, "room")
        yield from _delivering(crowd, size.small)


def compressing(size: Size, target: Target) -> Iterator[Value]:
    """What compression saves on the wire and adds to the cost, of events that are large enough for it."""
    room = size.middle
    what = f"delivery of 2 KB, room of {room.members:,}"
    for system, compressed in ((OURS, False), (COMPRESSED, True)):
        with Crowd(target, compressed=compressed) as crowd:
            crowd.join(room.members, "room")
            found = _fan_out(crowd, room, kind="list")
        yield Value(f"bytes per {what}", found.received, "B", (Bar(0.5, of=OURS),) if compressed else (), system)
        yield Value(f"CPU per {what}", found.cost, "µs", (Bar(1.15, of=OURS),) if compressed else (), system)


def acks(size: Size, target: Target) -> Iterator[Value]:
    """Costs of an event that a client sends, and of its ack."""
    with Crowd(target) as crowd:
        crowd.join(size.asking, "room")
        crowd.ask(size.asked // 5, size.every)
        crowd.settle()
        before = target.cpu()
        crowd.ask(size.asked, size.every)
        cost = (target.cpu() - before) / size.asked
    yield Value("CPU per event of a client, with ack", cost * MICRO, "µs", _bars(target, Bar(3, of=NODE)))


def few(size: Size, target: Target) -> Iterator[Value]:
    """Delays where there is little to do."""
    with Crowd(target) as crowd:
        crowd.join(size.few.members, "room", timed_every=1)
        _fan_out(crowd, size.few)
        name = f"delivery, {size.few.members} clients, p99.9"
        yield Value(name, crowd.delay(0.999), "ms", _bars(target, AS_NODE))


def idle(size: Size, *targets: Target) -> Iterator[Value]:
    """What connections cost that only answer pings: each of them one. It is the same time for all servers."""
    with ExitStack() as stack:
        crowds = [stack.enter_context(Crowd(target)) for target in targets]
        for crowd in crowds:
            crowd.join(size.idle, "room")
        for crowd in crowds:
            crowd.settle()
        before = [target.cpu() for target in targets]
        end = time.monotonic() + size.ping_interval
        while time.monotonic() < end:
            for crowd in crowds:
                crowd.stay(0.05)
        spent = [target.cpu() - then for target, then in zip(targets, before, strict=True)]
    for target, seconds in zip(targets, spent, strict=True):
        share = seconds / size.ping_interval * 100
        yield Value(f"{size.idle:,} idle connections", share, "% of a core", _bars(target, AS_NODE), target.name)


def _connecting(crowd: Crowd, count: int) -> Iterator[Value]:
    target = crowd.target
    crowd.settle()
    memory, cpu = target.resident(), target.cpu()
    crowd.join(count, "room")
    crowd.settle()
    cpu, memory = target.cpu() - cpu, target.resident() - memory
    yield Value("memory a connection", memory / count / 1024, "KiB", _bars(target, Bar(10), AS_NODE))
    bars = _bars(target, Bar(2, of=NODE), Bar(1, of=STOCK))
    yield Value("CPU a connect and join", cpu / count * MICRO, "µs", bars)


def _delivering(crowd: Crowd, room: Room, *bars: Bar) -> Iterator[Value]:
    found = _fan_out(crowd, room)
    yield Value(f"{COST}{room.members:,}", found.cost, "µs", _bars(crowd.target, *bars))
    yield Value(f"TCP segments a frame, room of {room.members:,}", found.segments, "")


class _Delivery(NamedTuple):
    """One delivery: its microseconds of processor time, TCP segments, and bytes."""

    cost: float
    segments: float
    received: float


def _fan_out(crowd: Crowd, room: Room, name: str = "room", rooms: int = 1, kind: Kind = "plain") -> _Delivery:
    """The mean delivery; a fifth of the events before those that count warm the server up."""
    target = crowd.target
    each = room.events // rooms
    for events in (max(each // 5, 1), each):
        crowd.delays.clear()
        crowd.settle()
        target.emit(events * rooms, room.gap, name, rooms, kind)
        cpu, segments, received = target.cpu(), crowd.segments(), crowd.received()
        crowd.hear(events)
        cpu, segments, received = target.cpu() - cpu, crowd.segments() - segments, crowd.received() - received
    return _Delivery(cpu / (each * len(crowd.clients)) * MICRO, segments / each, received / each)


def _pause(crowd: Crowd, size: Size) -> float:
    crowd.target.watch()
    crowd.target.emit(size.large.events, size.large.gap, "room")
    with Crowd(crowd.target) as visitors:
        visitors.join(size.leaving, "visitors")
    crowd.hear(size.large.events)
    return crowd.target.longest_pause()


def _bars(target: Target, *bars: Bar) -> tuple[Bar, ...]:
    return bars if target.name == OURS else ()
