"""`wamplex hash`: the lines for a principal of config.yaml, made of a password or of a ticket drawn at random."""

import argparse
import sys

from realms.authentication.verifiers import CRA_ITERATIONS, FEWEST_ITERATIONS, KDFS, MOST_ITERATIONS, random_ticket
from router.commands.configuration import Commands, say
from router.commands.passwords import METHODS, read_password, type_password, verifiers


def add_to(commands: Commands) -> None:
    """Describe the command."""
    parser = commands.add_parser(
        "hash",
        help="make verifiers of a password, for config.yaml",
        description="Read a password from the terminal, or else from the first line of the input, and print the lines "
        "with its verifiers for a principal of config.yaml.",
    )
    parser.add_argument("--method", choices=METHODS, help="only the line for this method")
    parser.add_argument("--kdf", choices=KDFS, default=KDFS[0], help="how SCRAM hashes; by default %(default)s")
    parser.add_argument(
        "--iterations",
        type=_iterations,
        default=CRA_ITERATIONS,
        metavar="N",
        help="how often WAMP-CRA hashes; by default %(default)s, which autobahn.js does in 0.2 s",
    )
    parser.add_argument(
        "--generate", action="store_true", help="draw the password at random and print it first, this once"
    )
    parser.set_defaults(run=make)


def make(asked: argparse.Namespace) -> int:
    """Print the verifiers."""
    if asked.generate:
        password = random_ticket()
        say("The first line is the secret of the client and is shown only now; the rest is for config.yaml.")
        sys.stdout.write(f"{password}\n")
        methods: tuple[str, ...] = ("ticket",)
    else:
        password = type_password() if sys.stdin.isatty() else read_password()
        methods = METHODS
    if asked.method is not None:
        methods = (asked.method,)
    made = verifiers(password, methods, drawn=asked.generate, kdf=asked.kdf, iterations=asked.iterations)
    for method, verifier in made.items():
        sys.stdout.write(f"{method}: {verifier}\n")
    return 0


def _iterations(text: str) -> int:
    number = int(text)
    if not FEWEST_ITERATIONS <= number <= MOST_ITERATIONS:
        raise argparse.ArgumentTypeError(f"must be from {FEWEST_ITERATIONS} to {MOST_ITERATIONS}")
    return number
