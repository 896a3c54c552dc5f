"""The figures of a run, for the terminal, for programs and for the page."""

from rich.console import Console
from rich.table import Table

from app.load.outcome import Outcome, total
from app.load.plan import Plan, Transport

SHARES = {"p50": 0.5, "p90": 0.9, "p99": 0.99, "p99.9": 0.999, "max": 1.0}


def figures(plan: Plan, outcome: Outcome) -> dict[str, str]:
    """What was measured, by what it is called."""
    seconds = max(1, len(outcome.per_second))
    found = {
        "clients connected": f"{len(outcome.heard):,} of {plan.connections:,}, in {outcome.connected_in:.1f} s",
        "rooms": f"{len({client.room for client in outcome.heard}):,}",
        "events made": f"{total(outcome.made.values()):,} of {plan.events:,}",
        "deliveries": f"{outcome.deliveries:,} of {outcome.expected:,}",
        "lost, repeated, out of order": f"{outcome.lost:,}, {outcome.repeated:,}, {outcome.out_of_order:,}",
        "deliveries a second": f"{outcome.deliveries / seconds:,.0f}",
    }
    for transport in plan.transports:
        for name, share in SHARES.items():
            found[f"request to heard{by(transport, plan)}, {name}"] = f"{outcome.latency(transport, share):.1f} ms"
    if outcome.moments:
        memory = [moment.memory for moment in outcome.moments]
        cpu = [moment.cpu for moment in outcome.moments]
        found["server's memory"] = f"{memory[0]:.0f} MB at first, {max(memory):.0f} at most"
        found["server's processor"] = f"{100 * sum(cpu) / len(cpu):.0f} % of a core, {100 * max(cpu):.0f} at most"
        late = max(moment.hub_lag for moment in outcome.moments)
        found["event loop late, mean of a second"] = f"{late:.1f} ms at most"
    return found


def by(transport: Transport, plan: Plan) -> str:
    """What tells a figure of one transport from that of the other; nothing where there is one."""
    return f" by {transport}" if len(plan.transports) > 1 else ""


def show(plan: Plan, outcome: Outcome, console: Console) -> None:
    """Print the figures, and whether the test has passed."""
    table = Table("", "", title=f"Load test of {plan.url}", title_justify="left", show_header=False)
    for name, value in figures(plan, outcome).items():
        table.add_row(name, value)
    console.print(table)
    faults = outcome.faults(plan.bound)
    for fault in faults:
        console.print(f"[bold red]failed[/]: {fault}")
    if not faults:
        console.print("[bold green]passed[/]: each event was heard once and in order by each client in its room")
