"""`import archdsl`, with an interpreter that does nothing."""

from __future__ import annotations

import sys

from measure import command, report, times

found = times({"import": command(sys.executable, "-c", "import archdsl"), "pass": command(sys.executable, "-c", "pass")}, 15)
report("import archdsl / python -c pass", found["import"], found["pass"], "at most 3")
