# SPDX-License-Identifier: Apache-2.0
"""People use a real forum through Stoa: posts, pictures, chats arrive; a card number does not, and nothing is kept."""
import pytest

import nodebb_setup as people
from browser import PICTURES, close_browser, open_browser
from forum import Forum
from nodebb import NodeBB
from nodebb_setup import HOST
from pictures import noise
from stoa_test.gateway import Gateway
from stoa_test.pki import Authority

CARD = "4111 1111 1111 1111"
NO_CARD = "4111 1111 1111 1112"
POLICY = """version: 1
policy: forum
owner: security@example.com
description: The forum of the browser test is opened.
applies_to: { hosts: [forum.test] }
inspect: { open: true }
rules: []
"""
TRANSPORTS = {"polling": ["polling"], "websocket": ["polling", "websocket"]}


class House:
    """The forum, the gateway in front of it, and Ana, who is logged in."""

    def __init__(self, folder, transports):
        self.folder, self.transport = folder, transports[-1]
        authority = Authority(folder)
        self.forum = NodeBB(folder, authority.leaf([HOST]), transports)
        self.gateway = Gateway(folder / "gateway", trust=authority.path, hosts={HOST: f"127.0.0.1:{self.forum.port}"})
        (self.gateway.folder / "policy.d" / "50-forum.policy.yaml").write_text(POLICY)
        self.gateway.start()
        self.gateway.stoa("consent", "grant", "someone", check=True)
        self.drivers = []
        self.ana = self.person("ana")
        self.ana.log_in(people.USER, people.PASSWORD)

    def person(self, name):
        folder = self.folder / name
        folder.mkdir()
        self.drivers.append(open_browser(folder, self.gateway))
        return Forum(self.drivers[-1], self.transport)

    def decisions(self, count):
        """The subjects of the decisions, once there are at least that many."""
        return [record["subject"] for record in self.gateway.wait_records(count, "decision")]

    def is_stored(self, text):
        return text.encode() in self.forum.redis.everything()

    def close(self):
        for driver in self.drivers:
            close_browser(driver)
        self.forum.close()
        self.gateway.stop()


@pytest.fixture(scope="module", params=list(TRANSPORTS))
def house(request, tmp_path_factory):
    made = House(tmp_path_factory.mktemp("forum"), TRANSPORTS[request.param])
    yield made
    made.close()


def test_a_topic_with_a_picture_arrives(house, tmp_path):
    (tmp_path / "noise.png").write_bytes(noise())
    house.ana.start_topic("First words")
    house.ana.write("An introduction to #kubernetes probes.")
    house.ana.wait_preview("kubernetes probes")
    address = house.ana.attach(tmp_path / "noise.png")
    house.ana.submit()
    house.ana.wait_post("kubernetes probes")
    assert house.forum.upload(address) == noise()
    assert house.is_stored("An introduction to #kubernetes probes.")


def test_a_reply_arrives(house):
    house.ana.start_reply()
    house.ana.write(f"This is no card: {NO_CARD}.")
    house.ana.submit()
    house.ana.wait_post(NO_CARD)
    assert house.is_stored(NO_CARD)


def test_a_chat_arrives_at_both_ends(house):
    friend = house.person("friend")
    friend.log_in(people.FRIEND, people.FRIEND_PASSWORD)
    house.ana.start_chat(people.FRIEND_UID)
    house.ana.say("Did you see the talk about probes?")
    house.ana.wait_chat("about probes")
    friend.join_chat(1)
    friend.wait_chat("about probes")
    friend.say("Yes, and it was good.")
    house.ana.wait_chat("it was good")
    assert house.is_stored("Yes, and it was good.")


def test_a_card_number_in_a_draft_is_dropped_in_silence_and_the_editor_lives(house):
    before = len(house.decisions(0))
    house.ana.go("/topic/2")
    house.ana.start_reply()
    house.ana.write(f"Charge {CARD} for the course.")
    assert "account-or-card" in house.decisions(before + 1)
    assert not house.ana.has_toast()
    house.ana.write("Please charge the company.")
    house.ana.wait_preview("charge the company")
    assert not house.ana.has_toast()


def test_a_post_with_a_card_number_is_refused_in_the_forum_s_own_message_and_can_be_mended(house):
    house.ana.write(f"Charge {CARD} for the course.")
    house.ana.submit()
    assert "card" in house.ana.toast()
    house.ana.driver.save_screenshot(str(PICTURES / f"refused-post-{house.transport}.png"))
    house.ana.close_toast()
    house.ana.write("Please charge the company.")
    house.ana.submit()
    house.ana.wait_post("charge the company")
    assert house.is_stored("Please charge the company.")


def test_a_chat_with_a_card_number_is_refused_and_the_next_one_arrives(house):
    house.ana.join_chat(1)
    house.ana.say(f"Use {CARD} for the hotel.")
    assert "card" in house.ana.toast()
    house.ana.driver.save_screenshot(str(PICTURES / f"refused-chat-{house.transport}.png"))
    house.ana.close_toast()
    house.ana.clear_chat()
    house.ana.say("I shall book it.")
    house.ana.wait_chat("book it")


def test_what_was_done_is_known(house):
    kinds = {record["details"].get("activity") for record in house.gateway.opened("someone")}
    assert {"post", "reply", "message", "draft"} <= kinds, kinds


def test_the_forum_never_got_the_number_and_the_gateway_kept_nothing(house):
    stored, written = house.forum.redis.everything(), house.gateway.written()
    for text in (CARD, CARD.replace(" ", ""), "for the course", "for the hotel"):
        assert text.encode() not in stored, text
    for text in (CARD, NO_CARD, people.PASSWORD, people.FRIEND_PASSWORD, "for the course", "for the hotel",
                 "about probes", "it was good"):
        assert text.encode() not in written, text
    verified = house.gateway.stoa("audit", "verify")
    assert verified.returncode == 0, verified.stdout + verified.stderr
