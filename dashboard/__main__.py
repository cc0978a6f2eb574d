"""``python -m dashboard`` is ``via-obscura``."""

import sys

from dashboard.cli import main

sys.exit(main())
