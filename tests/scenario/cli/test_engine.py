# SPDX-License-Identifier: Apache-2.0
"""The other scan library in the place of the installed one (Hyperscan, Vectorscan): the same findings, no shared cache."""
import json
import os
import subprocess

import pytest

from stoa_test.gateway import BIN, ROOT

OTHER = sorted((BIN.parent.parent / "other-hs").glob("usr/lib/*/libhs.so.5"))
TEXT = "\n".join(["card 4111 1111 1111 1111, IBAN DE02 1203 0000 0000 2020 51", "the SSN is 536-90-4399", "ana.b@corp.example",
                  "aws_secret_access_key = wJ4lrXUtnFaMIzK7MDENGzbPxRfiCYqW3sT9eVuA", "nothing in this line", "xoxb-not-a-token"])


@pytest.mark.skipif(not OTHER, reason="tools/other-engine has not unpacked the other library")
def test_the_other_library_finds_the_same_and_loads_nothing_of_this_one(tmp_path):
    (tmp_path / "text").write_text(TEXT)

    def scan(**more):
        done = subprocess.run([BIN / "stoa", "--json", "scan", tmp_path / "text"], capture_output=True, text=True, timeout=240,
                              env={**os.environ, "XDG_CACHE_HOME": str(tmp_path), **more})
        assert done.returncode == 1 and done.stderr == "", done
        return json.loads(done.stdout)["findings"], {path.name for path in (tmp_path / "stoa").iterdir()}

    other = {"LD_LIBRARY_PATH": str(OTHER[0].parent)}
    found, kept = scan()
    found_there, kept_there = scan(**other)
    assert len(found) >= 4 and found_there == found
    assert kept and kept < kept_there and len(kept_there) == 2 * len(kept), "compiled anew, under names of its own"
    mine = (tmp_path / "stoa" / min(kept)).read_bytes()  # this library's database, under the other's names
    for name in kept_there - kept:
        (tmp_path / "stoa" / name).write_bytes(mine)
    assert scan(**other) == (found, kept_there), "it was refused, and compiled anew"
