# SPDX-License-Identifier: Apache-2.0
"""One gateway a file of tests."""
import pytest

from house import House
from stoa_test import ways


def pytest_generate_tests(metafunc):
    ways.over(metafunc)


@pytest.fixture(scope="module")
def house(request, tmp_path_factory):
    house = House(tmp_path_factory.mktemp("streaming"), way=request.param)
    with house.gateway:
        yield house
    house.close()


@pytest.fixture(params=["h1", "h2"])
def protocol(request):
    return request.param
