"""`make bench` measures what it says, on very little."""

from rich.progress import Progress

from bench.delivery import Size, measure

LITTLE = Size(warm_up=1, timed=5, every=0, relayed=30, missed=5, away=1)


def test_delivery_takes_every_figure_of_every_system_in_each_round() -> None:
    figures = measure(1, Progress(disable=True), LITTLE)
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
