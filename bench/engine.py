"""What a delivery, a connection and a command cost, and how late they are: this engine beside others, in one run.

- **ours**: this engine under a small Flask application; **stock**: the same application on Flask-SocketIO as it comes.
- **node**: the same on Socket.IO for Node.js.
- **floor**: a loop in C that sends one frame to as many sockets, and does nothing else.

Costs are the processor time of the server's process, so that what else the machine does blurs them little.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.contest import FLOOR, NODE, OURS, STOCK, Contestant, contest
from bench.load import Crowd
from bench.report import Bar
from bench.rounds import Step, Value
from bench.sizes import Room, Size
from bench.target import Target

NUMBERED = "ours, with offsets"
AS_NODE = (Bar(1, of=NODE),)
MICRO = 1_000_000

Measure = Callable[[Target, Size], Iterator[Value]]


@contextmanager
def steps(size: Size | None = None) -> Iterator[list[Step]]:
    """What is measured, of each server in turn."""
    size = size or Size()
    with TemporaryDirectory(prefix="bench-") as folder, contest(Path(folder), size.ping_interval) as (servers, load):

        def step(name: str, server: Contestant, measure: Measure, system: str = "") -> Step:
            def there() -> Sequence[Value]:
                if measure is large:
                    server.restart()
                return load.submit(_listed, measure, server.target, size).result()

            return Step(name, system or server.name, there)

        rivals = [server for server in servers if server.name != FLOOR]
        yield [
            *(step(f"room of {size.large.members:,}", server, large) for server in servers),
            *(step(f"room of {size.middle.members:,}", server, middle) for server in servers),
            *(step(f"room of {size.middle.members:,}", server, numbered, NUMBERED) for server in servers[:1]),
            *(step(f"room of {size.small.members:,}", server, small) for server in servers),
            *(step("events of clients", server, asking) for server in rivals),
            *(step(f"{size.few.members} clients", server, few) for server in rivals),
            *(step("idle", server, idle) for server in rivals),
        ]


def large(target: Target, size: Size) -> Iterator[Value]:
    """A fresh process gets its connections, and tells all of them something, also while others come and go."""
    with Crowd(target) as first, Crowd(target) as crowd:
        first.join(size.first, "first")
        crowd.settle()
        memory, cpu = target.resident(), target.cpu()
        crowd.join(size.large.members, "room")
        crowd.settle()
        cpu, memory = target.cpu() - cpu, target.resident() - memory
        if target.name != FLOOR:
            connections = size.large.members
            yield Value(
                "memory a connection", memory / connections / 1024, "KiB", _bars(target, Bar(10), Bar(1, of=NODE))
            )
            yield Value(
                "CPU a connect and join",
                cpu / connections * MICRO,
                "µs",
                _bars(target, Bar(2, of=NODE), Bar(1, of=STOCK)),
            )
        yield from _delivering(crowd, size.large, _bars(target, Bar(0.65, of=NODE)))
        if target.name != FLOOR:
            yield Value("longest pause", _pause(crowd, size), "ms", _bars(target, Bar(60)))
            crowd.enter("cell", size.rooms)
            cost, _ = _fan_out(crowd, size.tiny, "cell", size.rooms)
            yield Value(f"CPU per delivery, {size.rooms:,} rooms of {size.tiny.members:,}", cost, "µs")


def middle(target: Target, size: Size) -> Iterator[Value]:
    """Costs and delays in a room of the middle size."""
    bars = _bars(target, Bar(0.65, of=NODE), Bar(1.3, of=FLOOR), Bar(0.25, of=STOCK))
    with Crowd(target) as crowd:
        crowd.join(size.middle.members, "room", timed_every=10)
        yield from _delivering(crowd, size.middle, bars)
        name = f"delivery, room of {size.middle.members:,}"
        yield Value(f"{name}, p50", crowd.delay(0.5), "ms")
        yield Value(f"{name}, p99", crowd.delay(0.99), "ms", _bars(target, *AS_NODE))


def numbered(target: Target, size: Size) -> Iterator[Value]:
    """What offsets add to that."""
    with Crowd(target) as crowd:
        crowd.join(size.middle.members, "room", timed_every=10)
        yield from _delivering(crowd, size.middle, (Bar(1.15, of=OURS),), numbered=True)


def small(target: Target, size: Size) -> Iterator[Value]:
    """Costs in a small room."""
    with Crowd(target) as crowd:
        crowd.join(size.small.members, "room")
        yield from _delivering(crowd, size.small)


def asking(target: Target, size: Size) -> Iterator[Value]:
    """Costs of an event that a client sends, and of its ack."""
    with Crowd(target) as crowd:
        crowd.join(size.asking, "room")
        crowd.ask(size.asked // 5, size.every)
        crowd.settle()
        before = target.cpu()
        crowd.ask(size.asked, size.every)
        cost = (target.cpu() - before) / size.asked
    yield Value("CPU per event of a client, with ack", cost * MICRO, "µs", _bars(target, Bar(3, of=NODE)))


def few(target: Target, size: Size) -> Iterator[Value]:
    """Delays where there is little to do."""
    with Crowd(target) as crowd:
        crowd.join(size.few.members, "room", timed_every=1)
        _fan_out(crowd, size.few)
        name = f"delivery, {size.few.members} clients, p99.9"
        yield Value(name, crowd.delay(0.999), "ms", _bars(target, *AS_NODE))


def idle(target: Target, size: Size) -> Iterator[Value]:
    """What connections cost that only answer pings: each of them one."""
    with Crowd(target) as crowd:
        crowd.join(size.idle, "room")
        crowd.settle()
        before = target.cpu()
        crowd.stay(size.ping_interval)
        share = (target.cpu() - before) / size.ping_interval
    yield Value(f"{size.idle:,} idle connections", share * 100, "% of a core", _bars(target, *AS_NODE))


def _delivering(crowd: Crowd, room: Room, bars: tuple[Bar, ...] = (), *, numbered: bool = False) -> Iterator[Value]:
    cost, segments = _fan_out(crowd, room, numbered=numbered)
    yield Value(f"CPU per delivery, room of {room.members:,}", cost, "µs", bars)
    yield Value(f"TCP segments a frame, room of {room.members:,}", segments, "")


def _fan_out(
    crowd: Crowd, room: Room, name: str = "room", rooms: int = 1, *, numbered: bool = False
) -> tuple[float, float]:
    """Microseconds a delivery, and TCP segments; a fifth of the events before those that count warm the server up."""
    target = crowd.target
    each = room.events // rooms
    for events in (max(each // 5, 1), each):
        crowd.delays.clear()
        crowd.settle()
        target.emit(events * rooms, room.gap, name, rooms, numbered=numbered)
        cpu, segments = target.cpu(), crowd.segments()
        crowd.hear(events)
        cpu, segments = target.cpu() - cpu, crowd.segments() - segments
    return cpu / (each * len(crowd.clients)) * MICRO, segments / each


def _pause(crowd: Crowd, size: Size) -> float:
    crowd.target.watch()
    crowd.target.emit(size.large.events, size.large.gap, "room")
    with Crowd(crowd.target) as visitors:
        visitors.join(size.leaving, "visitors")
    crowd.hear(size.large.events)
    return crowd.target.longest_pause()


def _bars(target: Target, *bars: Bar) -> tuple[Bar, ...]:
    return bars if target.name == OURS else ()


def _listed(measure: Measure, target: Target, size: Size) -> list[Value]:
    values = list(measure(target, size))
    target.settle()  # all connections are closed now, and the next server wants the core
    return values
