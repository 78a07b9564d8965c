# SPDX-License-Identifier: Apache-2.0
"""Converse.js as a person uses it: sign in, a room, its messages and their errors, a picture."""
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from browser import find, text_of, wait
from prosody import HOST

MESSAGE, ERROR = "converse-chat-message", ".chat-msg__error"


class Chat:
    """What one person sees in one browser."""

    def __init__(self, driver):
        self.driver = driver

    def sign_in(self, person, password):
        """Until the room is entered, which the page does by itself."""
        self.driver.get(f"https://{HOST}/")
        find(self.driver, "input[name=jid]").send_keys(f"{person}@{HOST}")
        find(self.driver, "input[name=password]").send_keys(password)
        find(self.driver, "input[type=submit], button[type=submit]").click()
        find(self.driver, "textarea.chat-textarea")

    def say(self, text):
        find(self.driver, "textarea.chat-textarea").send_keys(text, Keys.ENTER)

    def wait_message(self, text):
        wait(self.driver, lambda d: text in text_of(d, MESSAGE))

    def attach(self, path):
        self.driver.find_element(By.CSS_SELECTOR, "input[type=file]").send_keys(str(path))

    def wait_picture(self):
        """Until a picture in the room was loaded; answers its address."""
        def loaded(driver):
            for image in driver.find_elements(By.CSS_SELECTOR, f"{MESSAGE} img.chat-image"):
                if driver.execute_script("return arguments[0].naturalWidth > 0", image):
                    return image.get_attribute("src")
            return None
        return wait(self.driver, loaded)

    def error(self):
        """The text below a message that was not delivered, waited for."""
        return wait(self.driver, lambda d: text_of(d, ERROR))

    def is_online(self):
        return not text_of(self.driver, ".chat-status--offline, .alert-danger")
