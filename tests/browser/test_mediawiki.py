# SPDX-License-Identifier: Apache-2.0
"""A person edits a real wiki through Stoa: an ordinary edit arrives, an IBAN does not, and nothing typed is kept."""
import pytest
from selenium.webdriver.common.by import By

from browser import close_browser, open_browser, wait
from mediawiki import PASSWORD, USER, MediaWiki
from stoa_test.gateway import Gateway
from stoa_test.pki import Authority

HOST = "wiki.test"
GOOD_IBAN = "DE02 1203 0000 0000 2020 51"
BAD_IBAN = "DE02 1203 0000 0000 2020 52"
POLICY = """version: 1
policy: wiki
owner: security@example.com
description: The wiki of the browser test is opened.
applies_to: { hosts: [wiki.test] }
inspect: { open: true }
rules: []
"""


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    """The wiki, the gateway in front of it, a browser."""
    folder = tmp_path_factory.mktemp("browser")
    authority = Authority(folder)
    wiki = MediaWiki(folder, HOST, authority.leaf([HOST]))
    gateway = Gateway(folder / "gateway", trust=authority.path, hosts={HOST: f"127.0.0.1:{wiki.front.port}"})
    (gateway.folder / "policy.d" / "50-wiki.policy.yaml").write_text(POLICY)
    gateway.start()
    gateway.stoa("consent", "grant", "someone", check=True)
    driver = open_browser(folder, gateway)
    yield driver, wiki, gateway
    close_browser(driver)
    wiki.close()
    gateway.stop()


def log_in(driver):
    driver.get(f"https://{HOST}/index.php?title=Special:UserLogin")
    wait(driver, lambda d: d.find_element(By.ID, "wpName1")).send_keys(USER)
    driver.find_element(By.ID, "wpPassword1").send_keys(PASSWORD)
    driver.find_element(By.ID, "wpLoginAttempt").click()
    wait(driver, lambda d: d.find_elements(By.ID, "pt-logout"))


def edit(driver, title, text, summary):
    driver.get(f"https://{HOST}/index.php?title={title}&action=edit")
    box = wait(driver, lambda d: d.find_element(By.ID, "wpTextbox1"))
    box.clear()
    box.send_keys(text)
    driver.find_element(By.ID, "wpSummary").send_keys(summary)
    driver.find_element(By.ID, "wpSave").click()


def test_log_in_reaches_the_wiki_and_no_file_of_the_daemon(house):
    driver, _, gateway = house
    log_in(driver)
    assert PASSWORD.encode() not in gateway.written()


def test_an_ordinary_edit_arrives_becomes_an_activity_and_gets_its_tag(house):
    driver, wiki, gateway = house
    edit(driver, "Learning_containers", "An introduction to #kubernetes probes and what they are for.", "first words")
    wait(driver, lambda d: "kubernetes probes" in d.find_element(By.ID, "mw-content-text").text)
    assert any("kubernetes probes" in text for text in wiki.texts())
    assert gateway.wait_records(1, "learning"), gateway.records()
    resources = gateway.wait_records(1, "resource")
    assert any("kubernetes" in str(record) for record in resources), gateway.records()
    assert b"what they are for" not in gateway.written()


def test_an_edit_with_a_valid_iban_is_refused_and_the_wiki_never_sees_it(house):
    driver, wiki, gateway = house
    edit(driver, "Travel_costs", f"Please send the money to {GOOD_IBAN} today.", "costs")
    page = wait(driver, lambda d: d.find_element(By.TAG_NAME, "body") if "Stoa" in d.page_source else None)
    assert "IBAN" in page.text
    driver.save_screenshot(str(gateway.folder / "refusal.png"))
    for piece in (GOOD_IBAN, GOOD_IBAN.replace(" ", ""), "Please send the money"):
        assert piece.encode() not in wiki.everything()
        assert piece.encode() not in gateway.written()
    decisions = gateway.wait_records(1, "decision")
    assert decisions and {record["subject"] for record in decisions} == {"account-or-card"}, decisions
    # the wiki's page sends the text ahead while the summary is typed (action=stashedit): that was refused as well
    kinds = [record["details"].get("activity") for record in gateway.opened("someone") if record["kind"] == "decision"]
    assert "edit" in kinds, kinds


def test_an_iban_with_a_wrong_checksum_arrives(house):
    driver, wiki, _ = house
    edit(driver, "Travel_costs", f"An account that does not exist: {BAD_IBAN}.", "costs")
    wait(driver, lambda d: BAD_IBAN in d.find_element(By.ID, "mw-content-text").text)
    assert any(BAD_IBAN in text for text in wiki.texts())


def test_what_was_typed_is_in_no_file_of_the_daemon_and_the_log_is_clean(house):
    _, _, gateway = house
    written = gateway.written()
    for typed in (PASSWORD, GOOD_IBAN, BAD_IBAN, "first words", "wpTextbox1"):
        assert typed.encode() not in written
    verified = gateway.stoa("audit", "verify")
    assert verified.returncode == 0, verified.stdout + verified.stderr
