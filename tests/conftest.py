"""One thread per process, the same examples every time, and a browser where one is required."""

import os
import re

import matplotlib
import pytest
from hypothesis import settings

matplotlib.use("agg")
for threads in ("OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(threads, "1")  # torch reads it; importing it here costs each run seconds
settings.register_profile("course", deadline=None, derandomize=True, print_blob=True)
settings.load_profile("course")

REQUIRED = re.compile(r"Chromium|playwright|axe|Node", re.IGNORECASE)


def must_not_be_skipped(report):
    """Turn a skip for want of a browser into a failure, where SGDCOURSE_REQUIRE_BROWSER is set."""
    if report.skipped and os.environ.get("SGDCOURSE_REQUIRE_BROWSER"):
        reason = report.longrepr[-1] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        if REQUIRED.search(reason):
            report.outcome = "failed"
            report.longrepr = f"SGDCOURSE_REQUIRE_BROWSER is set, but: {reason}"
    return report


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport():
    return must_not_be_skipped((yield))


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report():
    return must_not_be_skipped((yield))
