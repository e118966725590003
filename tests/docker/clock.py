"""A clock for what must not take long: on a machine that is lent to others meanwhile, their time does not count."""

import os
import re
import time
from pathlib import Path

STAT = Path("/proc/stat")
STOLEN = re.compile(r"^cpu\d+(?: \d+){7} (\d+)", re.MULTILINE)


def now():
    """Return seconds from some moment on, without those in which a hypervisor gave a processor to others (proc(5))."""
    stolen = map(int, STOLEN.findall(STAT.read_text("ascii") if STAT.exists() else ""))
    return time.monotonic() - max(stolen, default=0) / os.sysconf("SC_CLK_TCK")
