# SPDX-License-Identifier: Apache-2.0
"""Headless Chromium from Debian, which trusts the gateway's CA and goes through it for everything."""
import subprocess

from selenium import webdriver
from selenium.common.exceptions import StaleElementReferenceException
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

from stoa_test.gateway import BIN
from stoa_test.ways import BROUGHT

QUIET = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
         "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
         "--disable-features=OptimizationHints,MediaRouter,Translate", "--window-size=1200,900"]

PICTURES = BIN.parent / "browser"  # what browsers showed
PICTURES.mkdir(exist_ok=True)
drivers = []  # those that are open, for pictures of failures


def way_to(gateway):
    """The proxy that is set, or names whose every connection is brought to the gateway; a browser binds to no address of loopback."""
    if gateway.way in BROUGHT:
        return [f"--host-resolver-rules=MAP * {gateway.door.loop}", "--no-proxy-server"]
    return [f"--proxy-server=http://{gateway.address}:{gateway.port}", "--proxy-bypass-list=<-loopback>"]


def open_browser(folder, gateway, lang="en"):
    """A driver; its profile and its NSS store are in folder."""
    home = folder / "home"
    store = home / ".pki" / "nssdb"
    store.mkdir(parents=True)
    for words in (["-N", "--empty-password"],
                  ["-A", "-t", "C,,", "-n", "stoa", "-i", str(gateway.ca)]):
        subprocess.run(["certutil", "-d", f"sql:{store}", *words], check=True, capture_output=True)
    options = webdriver.ChromeOptions()
    options.binary_location = "/usr/bin/chromium"
    for flag in (*QUIET, f"--user-data-dir={folder / 'profile'}", f"--lang={lang}",
                 *way_to(gateway)):
        options.add_argument(flag)
    service = Service("/usr/bin/chromedriver", env={"HOME": str(home), "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"})
    driver = webdriver.Chrome(service=service, options=options)
    driver.set_page_load_timeout(60)
    drivers.append(driver)
    return driver


def close_browser(driver):
    drivers.remove(driver)
    driver.quit()


def wait(driver, found):
    """Until it is there; a page that is being replaced is asked again."""
    return WebDriverWait(driver, 60, ignored_exceptions=[StaleElementReferenceException]).until(found)


def find(driver, selector):
    """The first visible element, waited for."""
    return wait(driver, lambda d: next(
        (element for element in d.find_elements(By.CSS_SELECTOR, selector) if element.is_displayed()), None))


def text_of(driver, selector):
    """The text of all that match."""
    return "\n".join(element.text for element in driver.find_elements(By.CSS_SELECTOR, selector))
