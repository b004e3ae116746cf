"""`python -m clients [--url URL] [--realm REALM] [worker ...]`: all workers, or the named ones, in one process."""

from clients.calculator import Calculator
from clients.chat import Chat
from clients.command import main
from clients.fireflies import Fireflies
from clients.lock import Lock
from clients.logtail import LogTail
from clients.presence import Presence
from clients.primes import Primes
from clients.ticker import Ticker
from clients.upload import Upload

WORKERS = {
    "presence": Presence,
    "chat": Chat,
    "lock": Lock,
    "calculator": Calculator,
    "ticker": Ticker,
    "logtail": LogTail,
    "fireflies": Fireflies,
    "primes": Primes,
    "upload": Upload,
}

if __name__ == "__main__":
    main(WORKERS)
