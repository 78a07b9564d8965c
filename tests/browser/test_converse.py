# SPDX-License-Identifier: Apache-2.0
"""People chat in a real room through Stoa: words and a picture arrive, an IBAN does not, and nothing is kept."""
import pytest

from browser import PICTURES, close_browser, open_browser
from chat import Chat
from pictures import noise
from prosody import HOST, PEOPLE, Prosody
from stoa_test.gateway import Gateway
from stoa_test.pki import Authority

IBAN, NO_IBAN = "DE02 1203 0000 0000 2020 51", "DE02 1203 0000 0000 2020 52"
POLICY = """version: 1
policy: chat
owner: security@example.com
description: The chat of the browser test is opened.
applies_to: { hosts: [chat.test] }
inspect: { open: true }
rules: []
"""


class House:
    """The chat, the gateway in front of it, and two people in the room."""

    def __init__(self, folder, transport):
        self.folder, self.drivers = folder, []
        authority = Authority(folder)
        self.chat = Prosody(folder, authority.leaf([HOST]), transport)
        self.gateway = Gateway(folder / "gateway", trust=authority.path, hosts={HOST: f"127.0.0.1:{self.chat.port}"})
        (self.gateway.folder / "policy.d" / "50-chat.policy.yaml").write_text(POLICY)
        self.gateway.start()
        self.ana, self.benno = self.person("ana"), self.person("benno")

    def person(self, name):
        folder = self.folder / name
        folder.mkdir()
        self.drivers.append(open_browser(folder, self.gateway))
        chat = Chat(self.drivers[-1])
        chat.sign_in(name, PEOPLE[name])
        return chat

    def close(self):
        for driver in self.drivers:
            close_browser(driver)
        self.chat.close()
        self.gateway.stop()


@pytest.fixture(scope="module", params=["bosh", "websocket"])
def house(request, tmp_path_factory):
    made = House(tmp_path_factory.mktemp("chat"), request.param)
    yield made
    made.close()


def test_words_arrive_at_both_ends(house):
    house.ana.say("Did you see the talk about probes?")
    house.benno.wait_message("about probes")
    house.benno.say(f"Yes. An account that does not exist: {NO_IBAN}.")
    house.ana.wait_message(NO_IBAN)
    assert NO_IBAN.encode() in house.chat.everything()


def test_a_picture_arrives(house, tmp_path):
    (tmp_path / "noise.png").write_bytes(noise())
    house.ana.attach(tmp_path / "noise.png")
    assert house.benno.wait_picture().startswith(f"https://{HOST}/file_share/")
    assert noise() in house.chat.everything()


def test_a_message_with_an_iban_is_refused_below_it_and_the_room_lives(house):
    house.ana.say(f"Send the money to {IBAN} today.")
    assert "valid check digit" in house.ana.error()
    house.ana.driver.save_screenshot(str(PICTURES / "refused-message.png"))
    assert [record["subject"] for record in house.gateway.wait_records(1, "decision")] == ["account-or-card"]
    house.ana.say("I shall ask the company.")
    house.benno.wait_message("ask the company")
    house.benno.say("Good.")
    house.ana.wait_message("Good.")
    said = "".join(house.chat.server.lines)
    assert "The client says it handled" not in said and "Client disconnected" not in said


def test_the_chat_never_got_the_number_and_the_gateway_kept_nothing(house):
    stored, written = house.chat.everything(), house.gateway.written()
    for text in (IBAN, IBAN.replace(" ", ""), "Send the money"):
        assert text.encode() not in stored, text
    for text in (IBAN, NO_IBAN, *PEOPLE.values(), "Send the money", "about probes"):
        assert text.encode() not in written, text
    verified = house.gateway.stoa("audit", "verify")
    assert verified.returncode == 0, verified.stdout + verified.stderr
