# SPDX-License-Identifier: Apache-2.0
"""Lets pytest collect .stoa files, and gives Python tests the same helpers."""
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))

from stoa_test import language, ways  # noqa: E402
from stoa_test.pki import Authority  # noqa: E402


def pytest_collect_file(file_path, parent):
    if file_path.suffix == ".stoa":
        return StoaFile.from_parent(parent, path=file_path)
    return None


def pytest_configure(config):
    config.addinivalue_line("markers", "ways(*names): the ways in that a test runs over; stoa_test/ways.py")


def pytest_collection_finish(session):
    """Before the first thread or process of a test: some need a network namespace of their own (stoa_test/ways.py)."""
    if any(ways.wants(item) for item in session.items):
        ways.enter()


class StoaFile(pytest.File):
    def collect(self):
        for title, steps in language.parse(self.path.read_text()):
            for way in language.ways_of(steps):
                name = title if way == "explicit" else f"{title} [{way}]"
                yield StoaItem.from_parent(self, name=name, steps=steps, way=way)


class StoaItem(pytest.Item):
    def __init__(self, *, steps, way, **rest):
        super().__init__(**rest)
        self.steps, self.way = steps, way

    def runtest(self):
        folder = self.session.config._tmp_path_factory.mktemp("scenario", numbered=True)
        run = language.Run(folder, self.way)
        try:
            for number, words in self.steps:
                try:
                    run.step(language.Words(words))
                except Exception as error:
                    raise language.Wrong(f"{self.path.name}:{number}: {error or type(error).__name__}") from error
        finally:
            run.close()

    def repr_failure(self, excinfo):
        if isinstance(excinfo.value, language.Wrong):
            return str(excinfo.value)
        return super().repr_failure(excinfo)

    def reportinfo(self):
        return self.path, 0, self.name


@pytest.fixture
def authority(tmp_path):
    return Authority(tmp_path)
