"""SIGHUP: config.yaml is read again, and what may change while the router runs counts from there on.

1. the configuration is read and checked as a whole; a mistake in it, and all stays as it was
2. the rules of the realms change, see `rulebook`
3. the certificates of listeners are read again, see `certificates`
4. what came of it is left beside the pid file, for `wamplex reload`
"""

from collections.abc import Callable, Sequence

from twisted.logger import Logger
from twisted.python.failure import Failure

from router.port import Port
from router.rulebook import Rulebook

log = Logger(namespace="router")


class Reloading:
    """Call it to begin. Whoever asks while it is at work has it begin anew: what was read may be older than that."""

    def __init__(self, rulebook: Rulebook, ports: Sequence[Port], answer: Callable[[Sequence[str]], None]) -> None:
        """`answer` is told of every mistake; of none if the configuration counts now."""
        self._rulebook = rulebook
        self._ports = ports
        self._answer = answer
        self._is_at_work = False
        self._is_asked_again = False

    def __call__(self) -> None:
        """Begin."""
        self._is_asked_again = self._is_at_work
        if not self._is_at_work:
            self._is_at_work = True
            self._rulebook.reload().addCallback(self._renew).addErrback(_fail).addCallback(self._end)

    def _renew(self, mistakes: Sequence[str]) -> Sequence[str]:
        if mistakes:
            return mistakes
        found = [mistake for port in self._ports if (mistake := port.renew(self._rulebook.config)) is not None]
        for mistake in found:
            log.error("{mistake}; the certificates stay as they were", mistake=mistake)
        return found

    def _end(self, mistakes: Sequence[str]) -> None:
        self._is_at_work = False
        try:
            self._answer(mistakes)
        except OSError as error:
            log.error("cannot say what came of it beside the pid_file: {reason}", reason=str(error))
        if self._is_asked_again:
            self()


def _fail(failure: Failure) -> Sequence[str]:
    log.failure("the configuration could not be applied", failure=failure)
    return ["the configuration could not be applied; see the router's log"]
