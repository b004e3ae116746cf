"""One workload on any WAMP router:

    python -m bench.load rpc --url ws://127.0.0.1:8080/ws --realm realm1 --codec msgpack --pid 4711
    python -m bench.load fanout --url rs://127.0.0.1:8080 --receivers 1000

The last lines are the medians of the repetitions, with their extremes.
"""

import argparse
import sys
from functools import partial

from bench.codecs import CODECS
from bench.measuring import Sample, measure, measure_idle, spread
from bench.processes import CORES, pin
from bench.workloads import WORKLOADS, Target

UNITS = {
    "rate": "operations/s",
    "p50": "ms latency, median",
    "p99": "ms latency, 99th percentile",
    "cpu": "us router CPU per operation",
    "router_busy": "% of a core used by the router",
    "load_busy": "% of a core used by the load",
    "others_busy": "% of a core used by all else",
    "memory": "KiB resident per idle session",
}


def main() -> int:
    arguments = parser().parse_args()
    if arguments.workload == "idle" and arguments.pid is None:
        print("idle needs --pid, the process id of the router", file=sys.stderr)
        return 2
    if CORES and arguments.pin:
        pin(CORES[1])
    samples = []
    for repetition in range(arguments.repeat):
        sample = run(arguments)
        samples.append(sample)
        print(f"{repetition + 1}: {line(sample)}", flush=True)
    for figure, unit in UNITS.items():
        if came_out := spread(samples, figure):
            print(f"{came_out.median:12,.1f} {unit} ({came_out.low:,.1f} to {came_out.high:,.1f})")
    errors = sum(sample.errors for sample in samples)
    print(f"{errors:12,} errors")
    return 1 if errors else 0


def parser() -> argparse.ArgumentParser:
    options = argparse.ArgumentParser(
        prog="python -m bench.load", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("workload", choices=[*WORKLOADS, "idle"])
    options.add_argument("--url", default="ws://127.0.0.1:8080/ws", help="ws://host:port/path or rs://host:port")
    options.add_argument("--realm", default="realm1")
    options.add_argument("--codec", choices=CODECS, default="json")
    options.add_argument("--seconds", type=float, default=3.0, help="length of a repetition (default 3)")
    options.add_argument("--repeat", type=int, default=3, help="repetitions (default 3)")
    options.add_argument("--pid", type=int, help="the router's process id, for its processor time and memory")
    options.add_argument("--pin", action="store_true", help="keep the load on the last core (pin the router yourself)")
    options.add_argument("--window", type=int, help="rpc, publish, fanout: messages in flight; connect: clients")
    options.add_argument("--callers", type=int, help="rpc: sessions that call")
    options.add_argument("--receivers", type=int, help="publish, fanout: sessions that subscribe")
    options.add_argument("--sessions", type=int, default=1000, help="idle: sessions (default 1000)")
    return options


def run(arguments: argparse.Namespace) -> Sample:
    target = Target(arguments.url, arguments.realm, CODECS[arguments.codec])
    if arguments.workload == "idle":
        return measure_idle(target, arguments.pid, arguments.sessions)
    wanted = {name: getattr(arguments, name) for name in ("window", "callers", "receivers")}
    shape = {name: value for name, value in wanted.items() if value is not None}
    return measure(partial(WORKLOADS[arguments.workload], target, **shape), arguments.seconds, arguments.pid)


def line(sample: Sample) -> str:
    """A sample in one line, for people."""
    figures = [f"{name} {value:,.1f}" for name, value in sample.figures.items()]
    if sample.errors:
        figures.append(f"errors {sample.errors:,}")
    if sample.problem:
        figures.append(sample.problem)
    return ", ".join(figures)


if __name__ == "__main__":
    sys.exit(main())
