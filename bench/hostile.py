# SPDX-License-Identifier: Apache-2.0
"""What others wait while a plugin does not end: two people post, one after another, to one worker, first alone and then
while a third one's posts send a plugin into an endless loop, again and again.

    STOA_BIN=build/release/bin python3 bench/hostile.py [--seconds 20] [--workers 1]

The clock of the gateway is turned after every fourth such post, so that the plugin's circuit never opens: without that
it would rest after the fifth, and be off for good after the fifteenth.
"""
import argparse
import json
import sys
import tempfile
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "scenario"))
from stoa_test.client import Client  # noqa: E402
from stoa_test.gateway import ROOT, Gateway  # noqa: E402
from stoa_test.origin import Origin, echo  # noqa: E402
from stoa_test.pki import Authority  # noqa: E402

PLUGIN = """return { api = 1, name = "bench.endless", version = "1", title = "Endless", permissions = { "text.read" },
  activity = function(a) if a.text:find("hostile", 1, true) then while true do pcall(function() while true do end end) end
  end end }"""
FIELDS = [("Content-Type", "application/json")]


def post(client, text):
    return client.request("POST", "/posts", FIELDS, json.dumps({"text": text}).encode()).status


def opened(gateway, address):
    client = Client(gateway, address)
    client.open("forum.test")
    return client


def measure(gateway, seconds, hostile):
    """The milliseconds of each exchange of two people."""
    took, end, lock = [], time.monotonic() + seconds, threading.Lock()

    def person(address):
        client = opened(gateway, address)
        while time.monotonic() < end:
            began = time.perf_counter()
            assert post(client, "Has anybody tried this with a newer kernel?") == 200
            with lock:
                took.append((time.perf_counter() - began) * 1000)
        client.close()

    threads = [threading.Thread(target=person, args=(address,)) for address in ("127.0.0.2", "127.0.0.3")]
    for thread in threads:
        thread.start()
    posts = 0
    client = opened(gateway, "127.0.0.4")
    while hostile and time.monotonic() < end:
        assert post(client, "hostile") == 200
        posts += 1
        if posts % 4 == 0:
            gateway.clock(61)
    client.close()
    for thread in threads:
        thread.join()
    return sorted(took), posts


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--seconds", type=float, default=20)
    options.add_argument("--workers", type=int, default=1)
    given = options.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "own" / "detect").mkdir(parents=True)
        (folder / "own" / "detect" / "endless.lua").write_text(PLUGIN)
        authority = Authority(folder)
        origin = Origin("forum.test", authority.leaf(["forum.test"]), echo)
        policy = ROOT / "tests/scenario/policies/open-tests.policy.yaml"
        with Gateway(folder / "gateway", [origin], [policy], workers=given.workers, trust=authority.path,
                     plugins=[folder / "own"]) as gateway:
            for hostile in (False, True, False, True):
                took, posts = measure(gateway, given.seconds, hostile)
                at = {share: took[int(len(took) * share)] for share in (0.5, 0.9, 0.99, 0.999)}
                print(f"{'hostile' if hostile else 'alone':8} {len(took):6} posts, {posts:4} endless; ms: "
                      + ", ".join(f"p{share * 100:g} {ms:.2f}" for share, ms in at.items()) + f", most {took[-1]:.2f}",
                      flush=True)
            ended = sum("plugin.failed" in line for line in gateway.log)
            print(f"{ended} runs ended by the watchdog")
        origin.close()


if __name__ == "__main__":
    main()
