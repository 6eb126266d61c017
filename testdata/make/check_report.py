"""Opens the pages of `lora-tool report` in a real browser and checks what a reader would see.

    python testdata/make/check_report.py --tool LORA_TOOL [--browser /usr/bin/chromium] [--screenshots FOLDER]

Makes pages of one sound adapter with its base, of one broken adapter, of one with hostile names and of a fleet, and
opens each in light and in dark, on a wide screen and on one of 375 pixels. Then

* nothing may be on the console, nothing may be requested, the policy of the page must have been kept;
* the page must not scroll sideways, and nothing may stick out of it but what scrolls by itself;
* axe must find no violation of WCAG 2.2 A and AA or of its best practices, contrast included;
* headings, captions, maps and charts must be there, and be drawn;
* tables must sort by keyboard, both ways, and stand in their order where scripts are off;
* the first press of the tab key must lead to the link that skips to the content.

Needs playwright 1.65.2, axe-playwright-python 0.1.8 and a Chromium.
"""

import argparse
import pathlib
import subprocess
import sys
import tempfile

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import sync_playwright

ROOT = pathlib.Path(__file__).resolve().parent.parent
HOSTILE = "a<img src=x onerror=alert(1)>\"'&\u202eb"
SCREENS = {"wide": (1280, 900), "phone": (375, 800)}
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}


def pages(tool, folder):
    """The pages by name, each with the words that must be visible on it."""
    hostile = folder / HOSTILE
    hostile.mkdir()
    for file in (ROOT / "adapters" / "llama-all-linear").iterdir():
        (hostile / file.name).write_bytes(file.read_bytes())
    wanted = {
        "sound": (["adapters/llama-all-linear", "--base", "models/llama-bf16-sharded", "--engine", "vllm"],
                  ["Summary", "Findings", "Size of the deltas", "Size relative to the base", "Effective rank",
                   "Singular values", "Types and sizes", "All modules", "SHA-256"]),
        "broken": (["broken/rank-global"], ["rank-mismatch", "Why it matters.", "What to do."]),
        "hostile": ([str(hostile)], ["onerror=alert(1)>", "\\u{202E}"]),
        "fleet": (["adapters", "broken", "--details", "4"],
                  ["Comparison", "All adapters together", "Only the first 4 are shown in detail"]),
    }  # fmt: skip
    result = {}
    for name, (arguments, words) in wanted.items():
        path = folder / f"{name}.html"
        subprocess.run([tool, "report", *arguments, "--output", path], cwd=ROOT, check=True)
        result[name] = (path, words)
    return result


class Check:
    def __init__(self):
        self.failures = []

    def that(self, holds, what):
        if not holds:
            self.failures.append(what)
            print("FAIL", what)


def check_page(check, browser, name, path, words, scheme, screen, screenshots):
    place = f"{name}, {scheme}, {screen}"
    width, height = SCREENS[screen]
    context = browser.new_context(color_scheme=scheme, viewport={"width": width, "height": height})
    page = context.new_page()
    messages, requests = [], []
    page.on("console", lambda message: messages.append(message.text))
    page.on("pageerror", lambda error: messages.append(str(error)))
    page.on("dialog", lambda dialog: (messages.append(dialog.message), dialog.dismiss()))
    page.on("request", lambda request: requests.append(request.url))
    page.goto(path.as_uri())
    check.that(len(requests) == 1, f"{place}: requests {requests}")
    text = page.locator("body").inner_text()
    for word in words:
        check.that(word in text, f"{place}: '{word}' is not to be seen")
    check.that(page.locator("h1").count() == 1, f"{place}: not one h1")
    for table in page.locator("table").all():
        check.that(table.locator("caption").count() == 1, f"{place}: a table without caption")
    for chart in page.locator("svg[role=img]").all():
        box = chart.bounding_box()
        check.that(box and box["width"] > 150 and box["height"] > 60, f"{place}: a chart is not drawn: {box}")
    paper = page.evaluate("getComputedStyle(document.body).backgroundColor")
    bright = sum(int(part) for part in paper.strip("rgba()").split(",")[:3]) > 384
    check.that(bright == (scheme == "light"), f"{place}: the paper is {paper}")
    page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
    check.that(
        page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"),
        f"{place}: the page scrolls sideways",
    )
    outside = page.evaluate(
        """() => [...document.querySelectorAll("body *")].filter(one => !one.closest(".scroll, .skip, .vh, svg")
            && one.getBoundingClientRect().right > document.documentElement.clientWidth + 1)
            .map(one => one.outerHTML.slice(0, 120))"""
    )
    check.that(not outside, f"{place}: sticks out: {outside[:3]}")
    results = Axe().run(page, options=RULES)
    for violation in results.response["violations"]:
        nodes = [node["html"][:160] for node in violation["nodes"][:3]]
        check.that(False, f"{place}: axe {violation['id']}: {violation['help']}: {nodes}")
    page.evaluate("for (const one of document.querySelectorAll('details')) one.open = false")
    page.evaluate("scrollTo(0, 0)")
    if screenshots:
        page.screenshot(path=screenshots / f"{name}-{scheme}-{screen}.png", full_page=True)
    page.keyboard.press("Tab")
    check.that(
        page.evaluate("document.activeElement.getAttribute('href')") == "#main", f"{place}: no link skips to the content"
    )
    check.that(not messages, f"{place}: console {messages}")
    context.close()


def check_sorting(check, browser, path):
    """The comparison by its errors, fewest last and fewest first, with the keyboard alone."""
    page = browser.new_page()
    page.goto(path.as_uri())
    table = page.locator("#comparison-table table")
    head = table.locator("th", has_text="Errors")
    before = table.locator("tbody tr").count()
    for order in ["descending", "ascending"]:
        head.locator("button").focus()
        page.keyboard.press("Enter")
        values = [int(cell) for cell in table.locator("tbody tr td:nth-child(3)").all_inner_texts()]
        check.that(head.get_attribute("aria-sort") == order, f"sorting: no aria-sort {order}")
        check.that(values == sorted(values, reverse=order == "descending"), f"sorting: {order} is {values}")
        check.that(len(values) == before > 20, f"sorting: {len(values)} rows")
    page.close()
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(path.as_uri())
    check.that(page.locator("button").count() == 0, "without scripts: buttons that do nothing")
    check.that(page.locator("#comparison-table tbody tr").count() == before, "without scripts: rows are missing")
    context.close()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--tool", default="lora-tool")
    parser.add_argument("--browser", default="/usr/bin/chromium")
    parser.add_argument("--screenshots", type=pathlib.Path)
    options = parser.parse_args()
    tool = str(pathlib.Path(options.tool).resolve()) if "/" in options.tool else options.tool
    if options.screenshots:
        options.screenshots.mkdir(parents=True, exist_ok=True)
    check = Check()
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        made = pages(tool, pathlib.Path(folder))
        browser = playwright.chromium.launch(executable_path=options.browser)
        count = 0
        for name, (path, words) in made.items():
            for scheme in ["light", "dark"]:
                for screen in SCREENS:
                    check_page(check, browser, name, path, words, scheme, screen, options.screenshots)
                    count += 1
        check_sorting(check, browser, made["fleet"][0])
        browser.close()
    if check.failures:
        sys.exit(f"{len(check.failures)} failures in {count} views")
    print(f"{count} views: all is well")


if __name__ == "__main__":
    main()
