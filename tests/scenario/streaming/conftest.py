# SPDX-License-Identifier: Apache-2.0
"""One gateway a file of tests."""
import pytest

from house import House


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    house = House(tmp_path_factory.mktemp("streaming"))
    with house.gateway:
        yield house
    house.close()


@pytest.fixture(params=["h1", "h2"])
def protocol(request):
    return request.param
