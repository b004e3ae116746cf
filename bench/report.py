"""The comparison as Markdown: the budgets, then every figure with its extremes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.cases import CASES, ROWS, Case, Row
from bench.measuring import Sample, Spread, spread

__all__ = ["Comparison", "markdown", "write_between_markers"]

BEGIN = "<!-- figures: written by `make bench` -->"
END = "<!-- end of figures -->"

MET = {True: "yes", False: "**no**", None: ""}

LOAD_BOUND = 95.0  # percent of its core from which on the load, not the router, sets the pace


@dataclass(frozen=True)
class Comparison:
    """What was measured: `samples[case key][router name]`, on which machine, when, with which versions."""

    samples: Mapping[str, Mapping[str, Sequence[Sample]]]
    versions: Mapping[str, str]
    machine: str
    placement: str
    date: str
    seconds: float


def markdown(comparison: Comparison) -> str:
    """The whole report."""
    versions = ", ".join(f"{name} {version}" for name, version in comparison.versions.items())
    head = f"{comparison.date}: {versions}. {comparison.machine}. {comparison.placement}."
    parts = [head, _budgets(comparison), _details(comparison)]
    if problems := _problems(comparison):
        parts.append(problems)
    return "\n\n".join(parts) + "\n"


def write_between_markers(page: Path, text: str) -> None:
    """Replace what stands between the two markers of `page`; ValueError if they are not there."""
    before, begin, rest = page.read_text("utf-8").partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"{page} lacks the markers {BEGIN} and {END}")
    page.write_text(f"{before}{begin}\n\n{text}\n{end}{after}", "utf-8")


def _budgets(comparison: Comparison) -> str:
    lines = ["| work | Crossbar | Wamplex | ratio | goal | met? | CPU ratio |", "|---|---:|---:|---:|---:|---|---:|"]
    lines += [_budget(row, comparison) for row in ROWS if row.case in comparison.samples]
    return "\n".join(lines)


def _budget(row: Row, comparison: Comparison) -> str:
    crossbar, wamplex = _both(comparison, row.case, row.figure)
    ratio, met = "", ""
    if wamplex:
        met = MET[row.is_met(crossbar.median if crossbar else None, wamplex.median)]
        ratio = f"{row.ratio(crossbar.median, wamplex.median):.1f} x" if crossbar else ""
    cells = [row.work, _median(crossbar), _median(wamplex), ratio, row.goal, met, _cpu_ratio(comparison, row)]
    return "| " + " | ".join(cells) + " |"


def _cpu_ratio(comparison: Comparison, row: Row) -> str:
    """For a rate: how many times less processor time an operation takes, which a busy machine hardly changes."""
    crossbar, wamplex = _both(comparison, row.case, "cpu")
    if row.figure != "rate" or not crossbar or not wamplex or not wamplex.median:
        return ""
    return f"{crossbar.median / wamplex.median:.1f} x"


def _both(comparison: Comparison, case: str, figure: str) -> tuple[Spread | None, Spread | None]:
    samples = comparison.samples[case]
    return spread(samples.get("Crossbar", ()), figure), spread(samples.get("Wamplex", ()), figure)


def _details(comparison: Comparison) -> str:
    lines = [
        f"Each figure is the median of the repetitions of {comparison.seconds:g} s, with the lowest and the highest.",
        "",
        "| work | router | rate /s | p50 ms | p99 ms | router CPU us | router busy | load busy | others | errors |",
        "|---|---|---:|---:|---:|---:|---:|---:|---:|---:|",
    ]
    memory = []
    for case in CASES:
        for router, samples in comparison.samples.get(case.key, {}).items():
            if case.create is None:
                memory.append(f"{case.title}: {router} {_extent(spread(samples, 'memory'))} KiB.")
            else:
                lines.append(_detail(case, router, samples))
    return "\n".join([*lines, "", *memory]).rstrip()


def _detail(case: Case, router: str, samples: Sequence[Sample]) -> str:
    figures = {
        name: spread(samples, name) for name in ("rate", "p50", "p99", "cpu", "router_busy", "load_busy", "others_busy")
    }
    load = figures["load_busy"]
    mark = " (limit)" if load and load.median >= LOAD_BOUND else ""
    cells = [
        case.title,
        router,
        _extent(figures["rate"]),
        _median(figures["p50"]),
        _median(figures["p99"]),
        _extent(figures["cpu"]),
        _percent(figures["router_busy"]),
        _percent(load) + mark,
        _percent(figures["others_busy"]),
        f"{sum(sample.errors for sample in samples):,}",
    ]
    return "| " + " | ".join(cells) + " |"


def _problems(comparison: Comparison) -> str:
    found = [
        f"- {router}, {key}: {sample.problem}"
        for key, routers in comparison.samples.items()
        for router, samples in routers.items()
        for sample in samples
        if sample.problem
    ]
    return "\n".join(["Went wrong:", "", *found]) if found else ""


def number(value: float) -> str:
    """Three significant digits, and no more: 4,710  38.2  9.15."""
    if value >= 1000:
        magnitude = 10 ** (len(str(int(value))) - 3)
        return f"{round(value / magnitude) * magnitude:,}"
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"


def _median(figure: Spread | None) -> str:
    return number(figure.median) if figure else "-"


def _extent(figure: Spread | None) -> str:
    return f"{number(figure.median)} ({number(figure.low)} to {number(figure.high)})" if figure else "-"


def _percent(figure: Spread | None) -> str:
    return f"{figure.median:.0f} %" if figure else "-"
