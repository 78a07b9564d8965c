# SPDX-License-Identifier: Apache-2.0
"""Each file here has a house of its own; a test marked for more ways (stoa_test/ways.py) finds one on each of them."""
from stoa_test import ways


def pytest_generate_tests(metafunc):
    ways.over(metafunc)
