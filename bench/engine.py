"""What a delivery, a connection and a command cost, and how late they are: this engine beside others, in one run.

- **ours**: this engine under a small Flask application; **stock**: the same application on Flask-SocketIO as it comes.
- **node**: the same on Socket.IO for Node.js.
- **floor**: a loop in C that sends one frame to as many sockets, and does nothing else.

Costs are the processor time of the server's process, so that what else the machine does blurs them little.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.contest import FLOOR, OURS, Contestant, contest
from bench.measures import COST, acks, compressing, few, idle, large, large_floor, middle, small
from bench.plot import columns
from bench.report import Figure
from bench.rounds import Step, Value
from bench.sizes import Size
from bench.target import Target

Measure = Callable[..., Iterator[Value]]


@contextmanager
def steps(size: Size | None = None) -> Iterator[list[Step]]:
    """What is measured, of each server in turn."""
    size = size or Size()
    with TemporaryDirectory(prefix="bench-") as folder, contest(Path(folder), size.ping_interval) as (servers, load):

        def there(measure: Measure, *them: Contestant) -> list[Value]:
            return load.submit(_listed, measure, size, [server.target for server in them]).result()

        def in_new(measure: Measure, server: Contestant) -> list[Value]:
            server.renew()
            return there(measure, server)

        def of(
            them: list[Contestant], name: str, measure: Measure, way: Callable[..., list[Value]] = there
        ) -> list[Step]:
            return [Step(name, server.name, partial(way, measure, server)) for server in them]

        rivals = [server for server in servers if server.name != FLOOR]
        floor = [server for server in servers if server.name == FLOOR]
        ours = [server for server in servers if server.name == OURS]
        yield [
            *of(rivals, f"room of {size.large.members:,}", large, in_new),
            *of(floor, f"room of {size.large.members:,}", large_floor),
            *of(servers, f"room of {size.middle.members:,}", middle),
            *of(servers, f"room of {size.small.members:,}", small),
            *of(ours, "compression", compressing),
            *of(rivals, "events of clients", acks),
            *of(rivals, f"{size.few.members} clients", few),
            Step("idle", "all at once", partial(there, idle, *rivals)),
        ]


def chart(figures: Sequence[Figure]) -> str | None:
    """A picture of what a delivery costs in rooms of several sizes, if that was measured."""
    groups: dict[str, dict[str, float]] = {}
    for figure in figures:
        if figure.name.startswith(COST):
            groups.setdefault(figure.name.removeprefix(COST), {})[figure.system] = figure.median
    if not groups:
        return None
    rooms = dict(sorted(groups.items(), key=lambda group: int(group[0].replace(",", ""))))
    return columns("Processor time per delivery of a 300-byte event", "microseconds", "sockets in the room", rooms)


def _listed(measure: Measure, size: Size, targets: Sequence[Target]) -> list[Value]:
    values = list(measure(size, *targets))
    for target in targets:
        target.settle()  # its connections are closed now; the next server wants the core
    return values
