# SPDX-License-Identifier: Apache-2.0
"""A NodeBB forum as a person uses it: the pages, the editor with its preview, the chat, the toasts."""
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from browser import find, text_of, wait
from nodebb_setup import HOST

CONNECTED = "return window.app && app.isConnected && socket.io.engine.transport.name"


class Forum:
    """What one person sees in one browser. transport: what its socket has to use, once it may."""

    def __init__(self, driver, transport):
        self.driver, self.transport = driver, transport

    def find(self, selector):
        return find(self.driver, selector)

    def wait_text(self, selector, text):
        wait(self.driver, lambda _: text in text_of(self.driver, selector))

    def go(self, path):
        """A page, until its scripts run and their socket is connected the way it has to be."""
        self.driver.get(f"https://{HOST}{path}")
        wait(self.driver, lambda d: d.execute_script(CONNECTED) == self.transport)

    def log_in(self, user, password):
        self.go("/login")
        self.find("#username").send_keys(user)
        self.find("#password").send_keys(password)
        self.find("#login").click()
        self.find("#user_label, [component='header/avatar']")
        self.go("/")

    def start_topic(self, title):
        self.go("/category/2")
        self.find("#new_topic, [component='category/post']").click()
        self.find(".composer input.title").send_keys(title)

    def start_reply(self):
        self.find("[component='topic/reply']").click()
        self.find(".composer textarea")

    def write(self, text):
        """In place of what the editor has, as keys: each pause asks for a preview."""
        area = self.find(".composer textarea")
        area.send_keys(Keys.CONTROL, "a")
        area.send_keys(text)

    def wait_preview(self, text):
        self.wait_text(".composer .preview", text)

    def attach(self, path):
        """A picture into the text of the editor; answers its address."""
        self.driver.find_element(By.CSS_SELECTOR, "#files").send_keys(str(path))

        def address(driver):
            value = driver.find_element(By.CSS_SELECTOR, ".composer textarea").get_attribute("value")
            return value.split("](", 1)[1].split(")")[0] if "](/uploads/" in value else None
        return wait(self.driver, address)

    def submit(self):
        self.find(".composer .composer-submit").click()

    def wait_post(self, text):
        self.wait_text("[component='post/content']", text)

    def start_chat(self, uid):
        """A new chat with that person."""
        self._open_chat("app.newChat(arguments[0])", uid)

    def join_chat(self, room):
        self._open_chat("app.openChat(arguments[0])", room)

    def _open_chat(self, script, number):
        self.go("/recent")
        self.driver.execute_script(script, number)
        self.find("[component='chat/input']")

    def say(self, text):
        self.find("[component='chat/input']").send_keys(text, Keys.ENTER)

    def clear_chat(self):
        """The forum puts a message back that it could not send."""
        self.find("[component='chat/input']").send_keys(Keys.CONTROL, "a", Keys.NULL, Keys.DELETE)

    def wait_chat(self, text):
        self.wait_text("[component='chat/message']", text)

    def toast(self):
        """The text of the forum's error message, waited for."""
        return wait(self.driver, lambda d: text_of(d, ".alert-danger"))

    def close_toast(self):
        self.driver.execute_script("document.querySelectorAll('.alert-danger').forEach(e => e.remove())")

    def has_toast(self):
        return bool(self.driver.find_elements(By.CSS_SELECTOR, ".alert-danger"))
