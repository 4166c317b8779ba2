"""Headless Chromium for the tests: how a person would use the page, by clicks or by keys."""

import shutil

import pytest

MISSING = "needs Chromium and its driver: apt-get install chromium chromium-driver"
PATIENCE = 10  # seconds until a page that does not change fails the test


def browser():
    """A window of headless Chromium; skips the test where there is none."""
    webdriver = pytest.importorskip("selenium.webdriver", reason="needs: pip install selenium")
    from selenium.webdriver.chrome.service import Service

    chromium, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if chromium is None or driver is None:
        pytest.skip(MISSING)
    options = webdriver.ChromeOptions()
    options.binary_location = chromium
    for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--window-size=1200,900"):
        options.add_argument(argument)
    return webdriver.Chrome(options=options, service=Service(executable_path=driver))


class Person:
    """Somebody at a page.

    Args:
        window: the browser's driver.
        link: of the page.
    """

    def __init__(self, window, link):
        from selenium.webdriver.common.action_chains import ActionChains
        from selenium.webdriver.support.ui import Select, WebDriverWait

        self.window, self._chain, self._select = window, ActionChains, Select
        self._wait = WebDriverWait(window, PATIENCE, poll_frequency=0.02).until
        window.get(link)

    def find(self, selector):
        return self.window.find_element("css selector", selector)

    def all(self, selector):
        return self.window.find_elements("css selector", selector)

    def text(self, selector):
        return self.find(selector).text

    def until(self, script):
        """Wait until an expression of the page is true."""
        self._wait(lambda window: window.execute_script(f"return {script}"))

    def until_text(self, selector, words):
        self._wait(lambda _: words in self.text(selector))

    def until_asked(self, query_id):
        """Wait for a question, and until its answer is no double click."""
        self.until(f"task.query_id === {query_id} && ready() && !busy")

    def press(self, *keys):
        from selenium.webdriver.common.keys import Keys

        for key in keys:
            self._chain(self.window).send_keys(getattr(Keys, key, key)).perform()

    def double_click(self, selector):
        self._chain(self.window).double_click(self.find(selector)).perform()

    def drag(self, start, end):
        chain = self._chain(self.window).click_and_hold(self.find(start))
        chain.move_to_element(self.find(end)).release().perform()

    def click(self, control, answer):
        """Answer by clicks alone."""
        if control["type"] == "buttons":
            self.find(f"#control [data-value='{answer}']").click()
            return
        if control["type"] == "order":
            for place in answer:
                self.all("#control .options button")[place].click()
        elif control["type"] == "marks":
            for step, mark in enumerate(answer):
                for _ in range(mark):
                    self.find(f"[data-step='{step}']").click()
        elif control["type"] == "slider":
            self.press("4")  # a slider is dragged as well as any other; see the test by keys
        else:
            for number, (row, cell) in enumerate(zip(control["rows"], answer, strict=True)):
                self._choose(number, row, cell)
        self.find("#save").click()

    def _choose(self, number, row, cell):
        if row["input"] == "select":
            self._select(self.find(f"#row{number}")).select_by_value(str(cell))
        elif row["input"] == "radio":
            self.find(f"input[name='row{number}'][value='{cell}']").click()
        elif cell:
            self.find(f"#row{number}").click()

    def type(self, control, answer):
        """Answer by keys alone."""
        if control["type"] == "buttons":
            values = [option["value"] for option in control["options"]]
            self.press(control["options"][values.index(answer)]["key"])
            return
        if control["type"] == "order":
            self.press(*(control["options"][place]["key"] for place in answer))
        elif control["type"] == "marks":
            self.press("ARROW_RIGHT", *map(str, answer))
        elif control["type"] == "slider":
            self.press("4")  # -0.25 = -1 + 2 (4 - 1) / 8
        else:
            for row, cell in zip(control["rows"], answer, strict=True):
                if row["input"] == "check":
                    self.press(*[row["key"]] * cell)
                else:
                    values = [option["value"] for option in row["options"]]
                    self.press(row["options"][values.index(cell)]["key"])
        self.press("ENTER")
