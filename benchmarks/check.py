"""`archdsl check` of a 100-line spec, with an interpreter that does nothing."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from measure import SCRIPTS, command, report, times

from specs import hundred_lines

with tempfile.TemporaryDirectory() as folder:
    spec = Path(folder) / "hundred.arch"
    spec.write_text(hundred_lines())
    found = times({"check": command(str(SCRIPTS / "archdsl"), "check", str(spec)), "pass": command(sys.executable, "-c", "pass")}, 15)
report("archdsl check of 100 lines / python -c pass", found["check"], found["pass"], "at most 6")
