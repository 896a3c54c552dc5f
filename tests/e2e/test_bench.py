"""`make bench` measures what it says, on very little."""

from functools import partial

from rich.progress import Progress

from bench import analytics, delivery, engine
from bench.rounds import take
from bench.sizes import Room, Size

LITTLE = delivery.Size(warm_up=1, timed=5, every=0, relayed=30, missed=5, away=1)
FEW = Size(
    large=Room(20, 5, 0.01),
    middle=Room(10, 5, 0.01),
    small=Room(5, 5, 0.01),
    tiny=Room(2, 10, 0.001),
    rooms=10,
    few=Room(2, 5, 0.005),
    first=2,
    leaving=3,
    asking=4,
    asked=10,
    idle=4,
    ping_interval=0.5,
)


def test_delivery_takes_every_figure_of_every_system_in_each_round() -> None:
    figures = take(partial(delivery.steps, LITTLE), 1, Progress(disable=True))
    one, postgresql = "one process, SQLite", "one process, PostgreSQL"
    cluster = "2 processes, PostgreSQL and Redis"
    p50, p99 = "commit → heard, p50", "commit → heard, p99"
    replay, relayed = "replay of 5 missed events", "durable events through the relay"
    assert {(figure.name, figure.system): len(figure.rounds) for figure in figures} == {
        (p50, one): 1,
        (p99, one): 1,
        (p50, postgresql): 1,
        (p99, postgresql): 1,
        (p50, cluster): 1,
        (p99, cluster): 1,
        (replay, one): 1,
        (replay, cluster): 1,
        (relayed, cluster): 1,
    }
    assert all(0 < value < 60_000 for figure in figures for value in figure.rounds)


def test_the_engine_is_measured_beside_the_others() -> None:
    figures = take(partial(engine.steps, FEW), 1, Progress(disable=True))
    by_system: dict[str, set[str]] = {}
    for figure in figures:
        by_system.setdefault(figure.system, set()).add(figure.name)
    rooms = {f"{what}, room of {size}" for what in ("CPU per delivery", "TCP segments a frame") for size in (20, 10, 5)}
    delays = {"delivery, room of 10, p50", "delivery, room of 10, p99"}
    listed = {"bytes per delivery of 2 KB, room of 10", "CPU per delivery of 2 KB, room of 10"}
    rest = {
        "memory a connection",
        "CPU a connect and join",
        "CPU per delivery, 10 rooms of 2",
        "CPU per event of a client, with ack",
        "4 idle connections",
        "delivery, 2 clients, p99.9",
        "longest pause",
    }
    assert by_system == {
        "ours": rooms | delays | rest | listed,
        "ours, compressed": listed,
        "ours, with offsets": {"CPU per delivery, room of 10"},
        "stock": rooms | delays | rest,
        "node": rooms | delays | rest,
        "floor": rooms | delays,
    }
    assert all(len(figure.rounds) == 1 for figure in figures)
    # Two connections' memory is less than what the allocator may give back meanwhile.
    assert {figure.name for figure in figures if figure.median < 0} <= {"memory a connection"}


def test_analytics_are_measured_with_either_database() -> None:
    little = analytics.Size(tasks=300, few=20, many=50, warm_up=1, timed=4, teams=2)
    figures = take(partial(analytics.steps, little), 1, Progress(disable=True))
    names = {
        f"{what}, {cut}"
        for what in (
            "recalculation, 20 own tasks",
            "recalculation, 50 own tasks",
            "change of a task, 50 own tasks",
            "metric of a team",
            "history of a team, a year",
        )
        for cut in ("p50", "p95", "CPU")
    }
    assert {(figure.name, figure.system) for figure in figures} == {
        (name, system) for name in names for system in ("SQLite", "PostgreSQL")
    }
    assert all(0 < value < 60_000 for figure in figures for value in figure.rounds)
