# SPDX-License-Identifier: Apache-2.0
"""Every command in the README's tour, and in pages like it, is run as printed, in order, and prints what the README says (… is anything)."""
import re
import subprocess
import time

import pytest

from stoa_test.gateway import BIN, ROOT, Gateway
from stoa_test.origin import WAIT, Origin, echo
from stoa_test.printed import as_pattern, blocks, shell

PAGES_WITHOUT_GATEWAY = ["scanning.md", "first-curation-rule.md", "write-a-detector.md", "teach-a-platform.md", "import-rules.md"]


@pytest.fixture
def tour(tmp_path, authority):
    """A folder as after `make run`: ./run with a gateway, ./build/release/bin."""
    origin = Origin("www.youtube.com", authority.leaf(["www.youtube.com"]), echo)
    gateway = Gateway(tmp_path / "run", [origin], trust=authority.path)
    gateway.config.write_text(gateway.config.read_text().replace("    127.0.0.1: someone\n", ""))
    (tmp_path / "build" / "release").mkdir(parents=True)
    (tmp_path / "build" / "release" / "bin").symlink_to(BIN)
    with gateway:
        yield tmp_path, gateway
    origin.close()


def test_the_tour(tour):
    folder, gateway = tour
    exports = []
    for command, expected in blocks(ROOT / "README.md"):
        told = command.replace("127.0.0.1:3128", f"127.0.0.1:{gateway.port}")
        if command.startswith("export "):
            exports.append(told)
        pattern, end = as_pattern(expected), time.monotonic() + WAIT
        output = shell(folder, exports, told)
        while "audit tail" in command and not re.search(pattern, output, re.S) and time.monotonic() < end:
            output = shell(folder, exports, told)  # records are committed in groups, a moment later
        assert re.search(pattern, output, re.S), f"$ {command}\n{output}"


@pytest.mark.parametrize("page", PAGES_WITHOUT_GATEWAY)
def test_a_page_that_needs_no_gateway(page, tmp_path):
    for command, expected in blocks(ROOT / "docs" / page):
        output = shell(tmp_path, [f"export PATH={BIN}:$PATH"], command)
        assert re.search(as_pattern(expected), output, re.S), f"$ {command}\n{output}"


def test_every_linked_file_is_there():
    for page in [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]:
        for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text()):
            assert (page.parent / target).exists(), f"{page.name} names {target}"


def test_what_make_run_prints_are_commands_that_exist():
    told = re.findall(r"build/release/bin/stoa (?:--config run/stoa.yaml )?(\w+)", (ROOT / "tools" / "run").read_text())
    assert len(told) >= 4
    for word in told:
        assert subprocess.run([str(BIN / "stoa"), word, "--help"], capture_output=True).returncode == 0 or word == "audit"
