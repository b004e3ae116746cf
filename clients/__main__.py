"""`python -m clients [--url URL] [--realm REALM] [worker ...]`: all workers, or the named ones, in one process."""

from clients.calculator import Calculator
from clients.command import main
from clients.logtail import LogTail
from clients.ticker import Ticker

WORKERS = {
    "calculator": Calculator,
    "ticker": Ticker,
    "logtail": LogTail,
}

if __name__ == "__main__":
    main(WORKERS)
