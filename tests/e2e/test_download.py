"""The download button in a blank page: what it asks a server for, and what it does with each answer."""

import pytest
from playwright.sync_api import expect

from tests.e2e.modules import Server

pytestmark = pytest.mark.browser

POLLING, DOWNLOAD = "parts/polling.js", "parts/download.js"

BUTTON = {
    "make": "studio/a/0/make",
    "jobs": "studio/a/jobs/",
    "files": "studio/a/files/",
    "asked": {"format": "png"},
    "label": "Download",
    "preparing": "Preparing",
    "failed": "The file could not be made:",
}
ORDERED = {"status": 202, "json": {"job": "j1"}}


def state(name, **more):
    return {"json": {"state": name, **more}}


class TestAnswers:
    def test_a_job_that_waits_or_runs_is_asked_for_again(self, js):
        for state in ("waiting", "running"):
            assert js.call(DOWNLOAD, "nextStep", {"state": state}, 450) == {"wait": 450}
        done = {"state": "done", "file": "0/made/a/b.png", "notices": []}
        assert js.call(DOWNLOAD, "nextStep", done, 450) == {"value": done}

    def test_a_failed_job_says_why(self, js):
        body = """(module) => {
            try {
                module.nextStep({ state: "failed", error: "The disk is full." }, 1)
            } catch (error) {
                return error.message
            }
        }"""
        assert js.run(DOWNLOAD, body) == "The disk is full."

    def test_a_file_of_any_name_has_an_address(self, js):
        assert js.call(DOWNLOAD, "fileAddress", "studio/a/files/", "0/made/x #1?.png") == (
            "studio/a/files/0/made/x%20%231%3F.png"
        )


class TestPolling:
    def test_it_asks_until_there_is_a_value(self, js):
        body = """async (module) => {
            const answers = [{ wait: 1 }, { wait: 20 }, { value: "ready" }]
            const began = performance.now()
            const value = await module.poll(document.body, async () => answers.shift())
            return [value, answers.length, performance.now() - began >= 20]
        }"""
        assert js.run(POLLING, body) == ["ready", 0, True]

    def test_it_stops_once_the_element_has_left(self, js):
        body = """async (module) => {
            const element = document.body.appendChild(document.createElement("p"))
            let asked = 0
            const ask = async () => {
                asked++
                if (asked === 2) element.remove()
                return asked < 9 ? { wait: 1 } : { value: "never left" }
            }
            const outcome = await module.poll(element, ask).catch(() => "stopped")
            return [outcome, asked]
        }"""
        assert js.run(POLLING, body) == ["stopped", 2]

    def test_a_refusal_is_the_servers_sentence(self, js):
        body = """async (module) => {
            const refused = new Response("There is no detector x.", { status: 422 })
            return [(await module.checked(new Response("", { status: 202 }))).status,
                    await module.checked(refused).catch((error) => error.message)]
        }"""
        assert js.run(POLLING, body) == [202, "There is no detector x."]


class TestButton:
    def button(self, blank, *jobs, make=None):
        """The button; the state of the job is each of `jobs` in turn."""
        self.make, self.jobs = Server(make or ORDERED), Server(*jobs)
        blank.mount("parts/download", BUTTON, make=self.make, j1=self.jobs, **{"x%20y.png": Server({"body": "pixels"})})
        return blank.page.get_by_role("button")

    def test_the_file_is_fetched_once_the_job_has_made_it(self, blank):
        done = state("done", file="0/made/x y.png", notices=["PNG holds no XMP."])
        button = self.button(blank, state("waiting"), state("running"), done)
        with blank.page.expect_download() as caught:
            button.click()
            expect(button).to_have_text("Preparing …")
        assert caught.value.suggested_filename == "x y.png"
        expect(blank.page.get_by_role("status")).to_have_text("PNG holds no XMP.")
        expect(button).to_have_text("Download")
        assert self.make.requests[0].post_data_json == {"format": "png"}
        assert len(self.jobs.requests) == 3

    def test_a_second_click_orders_nothing_and_the_button_keeps_the_focus(self, blank):
        button = self.button(blank, state("running"))
        button.focus()
        for _ in range(3):
            blank.page.keyboard.press("Enter")
        expect(button).to_have_attribute("aria-disabled", "true")
        expect(button).to_be_focused()
        blank.page.wait_for_timeout(700)
        assert len(self.make.requests) == 1

    @pytest.mark.parametrize("refuses", ["make", "job"])
    def test_a_failure_is_shown_and_the_button_works_again(self, blank, refuses):
        make = {"status": 422, "body": "The disk is full."} if refuses == "make" else None
        button = self.button(blank, state("failed", error="The disk is full."), make=make)
        button.click()
        expect(blank.page.get_by_role("status")).to_have_text("The file could not be made: The disk is full.")
        expect(button).to_have_attribute("aria-disabled", "false")

    def test_leaving_the_page_stops_the_polling(self, blank):
        button = self.button(blank, state("running"))
        with blank.page.expect_request("**/jobs/j1"):
            button.click()
        blank.page.evaluate("document.body.replaceChildren()")
        asked = len(self.jobs.requests)
        blank.page.wait_for_timeout(1200)
        assert len(self.jobs.requests) == asked
