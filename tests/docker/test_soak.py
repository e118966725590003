"""Ten minutes of load, which show what a short test does not: only where it is asked for, by `make soak`."""

import statistics
import time

import pytest

from tests.docker.conftest import running
from tests.docker.load import UNLIMITED, Load
from tests.docker.stack import SHARES, Production, megabytes, set_variables

MINUTES = 10


@pytest.mark.soak
@pytest.mark.timeout(1200)
def test_memory_stays_flat_and_nothing_fails(bake):
    project = bake(project_slug="soak-test", python_version="3.14")
    set_variables(project, THROTTLE_USER=UNLIMITED, THROTTLE_ANON=UNLIMITED)
    with running(Production(project)) as stack:
        with Load(stack) as load:
            used = []
            for _ in range(MINUTES * 6):
                time.sleep(10)
                used.append(megabytes(stack.execute(*SHARES, check=False).stdout))
        medians = [round(statistics.median(used[start : start + 6])) for start in range(0, len(used), 6)]
        print(f"MB at each minute: {medians}; answers: {load.counts()}")
        assert load.failures() == []
        assert load.lost() == set()
    # The first minute is for what is loaded when it is used.
    assert max(medians[-3:]) <= 1.05 * medians[1]
