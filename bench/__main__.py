"""Compare Wamplex with Crossbar on the same work, in turn, and print the table of budgets as Markdown.

$ python -m bench                        everything, four to five minutes
$ python -m bench --quick                a look, about one minute
$ python -m bench --only rpc,fanout      some cases (`--list` names them)
$ python -m bench --router wamplex       one router
$ python -m bench --write                put the report into docs/performance.md
"""

import argparse
import datetime
import signal
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import NoReturn

from bench.cases import CASES, Case
from bench.load import line
from bench.measuring import Sample, measure, measure_idle
from bench.processes import CORES, machine
from bench.report import Comparison, markdown, write_between_markers
from bench.routers import ROUTERS, NotStartedError, Router

PAGE = Path(__file__).resolve().parent.parent / "docs" / "performance.md"

Samples = dict[str, dict[str, list[Sample]]]


def main() -> int:
    options = _parse()
    if options.list:
        for case in CASES:
            print(f"{case.key:22} {case.title}")
        return 0
    cases = [case for case in CASES if case.is_asked_for(options.only, options.quick)]
    if not cases:
        print("no such case; see --list", file=sys.stderr)
        return 2
    signal.signal(signal.SIGTERM, _terminated)
    routers = [ROUTERS[name]() for name in options.router]
    try:
        for router in routers:
            router.install()
        samples = _compare(routers, cases, options)
    except NotStartedError as reason:
        print(reason, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 130
    report = markdown(_comparison(samples, routers, options.seconds))
    print(report)
    if options.write:
        write_between_markers(PAGE, report)
        print(f"written to {PAGE}", file=sys.stderr)
    return 1 if any(sample.errors for of in samples.values() for runs in of.values() for sample in runs) else 0


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m bench", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="short runs, only the budgets")
    parser.add_argument("--only", type=_words, help="cases, separated by commas")
    parser.add_argument("--router", type=_routers, default=list(ROUTERS), help="crossbar, wamplex or both")
    parser.add_argument("--repeat", type=int, help="repetitions (3; quick: 2)")
    parser.add_argument("--seconds", type=float, help="length of one repetition (2; quick: 1)")
    parser.add_argument("--sessions", type=int, help="idle sessions (1000; quick: 500)")
    parser.add_argument("--write", action="store_true", help="put the report into docs/performance.md")
    parser.add_argument("--list", action="store_true", help="name the cases")
    options = parser.parse_args()
    options.repeat = options.repeat or (2 if options.quick else 3)
    options.seconds = options.seconds or (1.0 if options.quick else 2.0)
    options.sessions = options.sessions or (500 if options.quick else 1000)
    return options


def _compare(routers: Sequence[Router], cases: Sequence[Case], options: argparse.Namespace) -> Samples:
    """Every case on every router, in turn: A B A B, so that a noisy minute of the machine hits both."""
    samples: Samples = {case.key: {router.name: [] for router in routers} for case in cases}
    for case in cases:
        if case.create is None:  # memory wants a fresh router for each sample
            for _ in range(options.repeat):
                for router in routers:
                    with router:
                        sample = measure_idle(router.target(case.transport, case.codec), router.pid, options.sessions)
                    _note(samples, case, router, sample)
    working = [(case, case.create) for case in cases if case.create is not None]
    with ExitStack() as running:
        if working:
            for router in routers:
                running.enter_context(router)
        for case, create in working:
            for _ in range(options.repeat):
                for router in routers:
                    workload = partial(create, router.target(case.transport, case.codec))
                    _note(samples, case, router, measure(workload, options.seconds, router.pid))
    return samples


def _note(samples: Samples, case: Case, router: Router, sample: Sample) -> None:
    samples[case.key][router.name].append(sample)
    print(f"{case.key:22} {router.name:9} {line(sample)}", file=sys.stderr, flush=True)


def _comparison(samples: Samples, routers: Sequence[Router], seconds: float) -> Comparison:
    placement = "Router and load on a core each" if CORES else "Router and load share one core"
    return Comparison(
        samples,
        {router.name: router.version() for router in routers},
        machine(),
        placement,
        datetime.datetime.now(datetime.UTC).date().isoformat(),
        seconds,
    )


def _words(text: str) -> list[str]:
    return [word.strip() for word in text.split(",") if word.strip()]


def _routers(text: str) -> list[str]:
    names = [name.lower() for name in _words(text)]
    if unknown := set(names) - set(ROUTERS):
        raise argparse.ArgumentTypeError(f"{', '.join(sorted(unknown))}: not one of {', '.join(ROUTERS)}")
    return names


def _terminated(*_: object) -> NoReturn:
    """SIGTERM leaves through the `with` blocks, as Ctrl-C does, so the routers end too."""
    sys.exit(128 + signal.SIGTERM)


if __name__ == "__main__":
    sys.exit(main())
