# SPDX-License-Identifier: Apache-2.0
"""The browser tests use the scenario tests' helpers for the gateway and the origins' CA.

What every open browser shows when a test fails is kept as a picture below the build folder.
"""
import re
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "scenario"))

import browser  # noqa: E402  (it needs the path above)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item):
    outcome = yield
    report = outcome.get_result()
    if report.when != "call" or not report.failed:
        return
    for number, driver in enumerate(browser.drivers):
        path = browser.PICTURES / f"{re.sub('[^a-z0-9]+', '-', item.name.lower())}-{number}.png"
        driver.save_screenshot(str(path))
        report.sections.append(("browser", str(path)))
