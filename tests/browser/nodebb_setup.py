# SPDX-License-Identifier: Apache-2.0
"""How a NodeBB of the tests is made: npm's tree, then NodeBB's own setup on an own Redis, with two people in it.

Done once per build folder, and again when this file or the lock changes.
"""
import json
import shutil
import subprocess
from pathlib import Path

import third_party
from servers import Server
from stoa_test.gateway import free_port

LOCK = Path(__file__).resolve().parent / "locks" / "nodebb-package-lock.json"
HOST = "forum.test"
USER, PASSWORD, UID = "ana", "correct-horse-battery-7391", 1
FRIEND, FRIEND_PASSWORD, FRIEND_UID = "benno", "staple-ladder-window-2846", 2
SECRET = "a-secret-of-the-test-forum"
NODE = "node"
ADD_USER = """
require("nconf").file({ file: "config.json" }).defaults({ base_dir: process.cwd(), version: "1.4.0" });
const done = (error) => { if (error) console.error(error); process.exit(error ? 1 : 0); };
require("./src/database").init((error) => error ? done(error) : require("./src/meta").configs.init((error) =>
    error ? done(error) : require("./src/user").create(JSON.parse(process.argv[1]), done)));
"""


class Redis:
    """An own instance; its database is folder/dump.rdb."""

    def __init__(self, folder):
        self.folder, self.port = folder, free_port()
        self.server = Server(["redis-server", "--port", self.port, "--bind", "127.0.0.1", "--dir", folder, "--save", "",
                              "--appendonly", "no"], "Ready to accept connections")

    def ask(self, *words):
        done = subprocess.run(["redis-cli", "-p", str(self.port), *words], capture_output=True, check=True, timeout=60)
        return done.stdout

    def everything(self):
        """Every byte of the database, uncompressed: values are compressed in the dump by default."""
        self.ask("config", "set", "rdbcompression", "no")
        self.ask("save")
        return (self.folder / "dump.rdb").read_bytes()

    def close(self):
        self.server.close()


def install(folder):
    """Its own dependencies below its own tree, as its program wants it; answers the tree."""
    package = folder / "package"
    manifest = json.loads((package / "package.json").read_text())
    for part in ("devDependencies", "scripts"):  # the lock knows neither
        manifest.pop(part)
    (package / "package.json").write_text(json.dumps(manifest))
    shutil.copy(LOCK, package / "package-lock.json")
    third_party.npm(package, "ci", "--ignore-scripts", "--omit=dev")
    for name in ("sounds", "files", "category", "profile", "system"):  # npm drops empty folders
        (package / "public" / "uploads" / name).mkdir(parents=True, exist_ok=True)
    return package


def fill(folder):
    """npm's tree, then NodeBB's own setup: its database is left in folder/seed, its assets are built in the tree."""
    package = install(folder)
    seed = folder / "seed"
    seed.mkdir()
    redis = Redis(seed)
    answers = {"url": f"https://{HOST}", "secret": SECRET, "database": "redis", "redis:host": "127.0.0.1",
               "redis:port": str(redis.port), "redis:password": "", "redis:database": "0", "admin:username": USER,
               "admin:password": PASSWORD, "admin:password:confirm": PASSWORD, "admin:email": f"{USER}@example.com"}
    try:
        third_party.run(package, [NODE, "app", f"--setup={json.dumps(answers)}"], "NodeBB's own setup failed")
        friend = {"username": FRIEND, "password": FRIEND_PASSWORD, "email": f"{FRIEND}@example.com"}
        third_party.run(package, [NODE, "-e", ADD_USER, json.dumps(friend)], "a second person could not be added")
        # one of them fetches pictures from elsewhere when the forum starts
        redis.ask("zrem", "plugins:active", "nodebb-plugin-emoji-one", "nodebb-plugin-emoji-extended")
        redis.ask("save")
    finally:
        redis.close()


def made():
    """The folder: `package` is the tree with its built assets, `seed` has the database."""
    return third_party.tree("nodebb", "nodebb@1.4.0", fill, LOCK, __file__)
