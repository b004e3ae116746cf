"""`python -m router` is the command `wamplex`."""

import sys

from router.cli import main

sys.exit(main())
