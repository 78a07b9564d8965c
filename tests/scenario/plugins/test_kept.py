# SPDX-License-Identifier: Apache-2.0
"""What a plugin keeps is there after a reload, a death and a restart; its tick comes with the clock."""
import pytest

from stoa_test.client import Client
from stoa_test.gateway import Gateway, settles
from stoa_test.origin import Origin
from stoa_test.pki import Authority

# Tags a page when it was seen on the third time, and forgets all when told so by a tick.
PLUGIN = """return { api = 1, name = "house.third", version = "1", title = "Third time",
  permissions = { "store.kv", "tag.write" }, config = { least = stoa.schema.integer { default = 3 } },
  curate = function(item, ctx)
    local name = item.url:match("([A-Za-z0-9]+)$")
    local n = tonumber(ctx:kept(name) or 0) + 1
    ctx:keep(name, tostring(n))
    if n == ctx.config.least and name ~= "Beta" then item:tag { topic = "seen/" .. name } end
  end,
  tick = function(ctx)
    for _, name in ipairs(ctx:kept_names("Old")) do ctx:keep(name) end
    ctx:keep("ticks", tostring(tonumber(ctx:kept("ticks") or 0) + 1))
    if ctx:kept("ticks") == "99" then error("never") end
  end }"""


def page(request):
    html = b"<html lang=en><title>Page</title><p>" + b"Words that are read. " * 40
    return "200 OK", [("Content-Type", "text/html; charset=utf-8")], html


@pytest.fixture
def house(tmp_path):
    (tmp_path / "own" / "detect").mkdir(parents=True)
    (tmp_path / "own" / "detect" / "third.lua").write_text(PLUGIN)
    authority = Authority(tmp_path)
    origin = Origin("en.wikipedia.org", authority.leaf(["en.wikipedia.org"]), page)
    gateway = Gateway(tmp_path / "gateway", [origin], trust=authority.path, plugins=[tmp_path / "own"])
    yield gateway
    origin.close()


def known(gateway, name):
    """A counter of the curator's, once it answers."""
    def look():
        return [int(value) for key, value in gateway.facts().items() if key.startswith("curator.") and key.endswith(f".{name}")]
    return settles(look, bool)[0]


def visit(gateway, name):
    client = Client(gateway, "127.0.0.2")
    client.open("en.wikipedia.org")
    assert client.request("GET", f"/wiki/{name}").status == 200


def read(gateway, name):
    before = known(gateway, "items")
    visit(gateway, name)
    settles(lambda: known(gateway, "items"), lambda items: items > before)


def read_again_and_again(gateway, name):
    """Until a new curator gets it: what is handed over before it has its channels is lost."""
    settles(lambda: visit(gateway, name) or known(gateway, "items"), lambda items: items > 0)


def tick(gateway):
    before = known(gateway, "ticks")
    gateway.clock(60)
    settles(lambda: known(gateway, "ticks"), lambda ticks: ticks > before)


def tagged(gateway):
    return [r["subject"] for r in gateway.records("resource")].count("house.third")


def test_what_is_kept_outlives_generations_processes_and_restarts(house):
    with house as gateway:
        read(gateway, "Alpha")
        assert gateway.stoa("reload").returncode == 0
        read(gateway, "Alpha")
        read(gateway, "Old1")
        tick(gateway)
        assert tagged(gateway) == 0
        gateway.kill("curator")
        read_again_and_again(gateway, "Beta")
    kept = (gateway.folder / "state" / "plugins.kept").read_bytes()
    assert b"Alpha" in kept and b"Beta" in kept, "a drain writes what was not written yet"
    assert oct((gateway.folder / "state" / "plugins.kept").stat().st_mode & 0o777) == "0o600"
    with gateway:
        read(gateway, "Old1")  # forgotten by the tick, so this is its first time
        read(gateway, "Old1")
        read(gateway, "Alpha")
        assert settles(lambda: tagged(gateway), lambda n: n > 0) == 1
        read(gateway, "Old1")
        assert settles(lambda: tagged(gateway), lambda n: n > 1) == 2
        assert not [line for line in gateway.log if "plugin.failed" in line or "store.failed" in line]


def test_a_damaged_file_is_said_and_begun_anew(house):
    with house as gateway:
        read(gateway, "Alpha")
        tick(gateway)
    path = gateway.folder / "state" / "plugins.kept"
    path.write_bytes(b"x" * 4096)
    with gateway:
        settles(lambda: [line for line in gateway.log if "store.failed" in line], bool)
        read(gateway, "Alpha")
        tick(gateway)
    assert b"Alpha" in path.read_bytes()
