"""The page in a real browser, from disk, as a participant walks through it."""

import json

import pytest

from flowcolor.evaluation.study.answers import read_answers
from flowcolor.evaluation.study.html import texts
from flowcolor.evaluation.study.key import read_key
from tests.browser import launched, needs_browser
from tests.evaluation.study.conftest import LEVELS

pytestmark = needs_browser
WIDTHS = {"desktop": {"width": 1280, "height": 800}, "phone": {"width": 360, "height": 740}}


@pytest.fixture(scope="module")
def browser():
    with launched() as browser:
        yield browser


@pytest.fixture
def open_page(browser):
    """Open a study and note all that it asks for and everything that goes wrong."""
    contexts = []

    def run(place, number="", locale="en-GB", width="desktop"):
        context = browser.new_context(viewport=WIDTHS[width], locale=locale)
        contexts.append(context)
        page = context.new_page()
        page.asked, page.wrong = [], []
        page.on("request", lambda request: page.asked.append(request.url))
        page.on("requestfailed", lambda request: page.wrong.append(request.url))
        page.on("console", lambda message: page.wrong.append(message.text))
        page.on("pageerror", lambda error: page.wrong.append(str(error)))
        page.goto((place / "participants/study.html").as_uri() + number)
        return page

    yield run
    for context in contexts:
        context.close()


def start(page):
    page.locator("#agree").check()
    page.locator("#start").click()


def level_of(page, image):
    """Return the red of a flat picture: who made it. Read from a screenshot, as a person would."""
    from io import BytesIO

    from PIL import Image

    seen = Image.open(BytesIO(image.screenshot())).convert("RGB")
    return seen.getpixel((seen.width // 2, seen.height - 10))[0]


@pytest.mark.parametrize("width", WIDTHS)
def test_a_participant_walks_through_with_the_keyboard_and_the_answers_are_theirs(
    make, open_page, tmp_path, width
):
    place = make("--pairs", "3")[1]
    page = open_page(place, "#5", width=width)
    assert page.locator("#number").input_value() == "5"
    page.locator("#start").press("Enter")
    assert page.locator(".alert").inner_text() == texts()["en"]["agree_first"]
    page.keyboard.press("Space")  # The box has the focus.
    page.locator("#start").press("Enter")
    given = {}
    for number in range(1, 6):
        assert page.locator("header label").inner_text().strip() == f"Page {number} of 5"
        page.locator("#next").press("Enter")
        assert "picture A first" in page.locator(".alert").inner_text()
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        groups = page.locator(".answer")
        grades = {}
        for index in range(3):  # The focus is on A; a digit grades, and Tab goes to the next.
            level = level_of(page, groups.nth(index).locator("img"))
            grades[level] = (level // 40 + number) % 5 + 1
            page.keyboard.press(str(grades[level]))
            if index < 2:
                page.keyboard.press("Tab")
        given[number] = grades
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
    with page.expect_download() as download:
        page.locator("#download").press("Enter")
    assert download.value.suggested_filename == "answers-5.json"
    saved = tmp_path / "answers-5.json"
    download.value.save_as(saved)
    assert page.locator("#answers").input_value() == saved.read_text("utf-8")
    assert page.wrong == []
    assert {url.partition(":")[0] for url in page.asked} == {"file"}

    key = read_key(place / "key.json")
    found = read_answers(saved, key)
    assert found.number == 5
    assert json.loads(saved.read_text())["finished"] is True
    for number, (name, judged) in enumerate(found.judged.items(), start=1):
        coded = key.page(name)
        made = {**coded.letters, coded.truth: "truth"}
        grades = {
            LEVELS["references" if letter == coded.bad else made[letter]]: grade
            for letter, grade in judged.grades.items()
        }
        assert grades == given[number]
        assert judged.seconds > 0


def test_a_page_with_an_answer_missing_stays_and_says_which(make, open_page):
    page = open_page(make("--pairs", "2")[1])
    start(page)
    page.locator("input[name=A][value='3']").check(force=True)
    page.locator("input[name=C][value='1']").check(force=True)
    page.locator("#next").click()
    assert "picture B first" in page.locator(".alert").inner_text()
    assert page.evaluate("document.activeElement.name") == "B"
    assert "Page 1 of 4" in page.locator("header").inner_text()


def test_a_reload_loses_nothing_and_stopping_keeps_what_was_answered(make, open_page, tmp_path):
    place = make("--pairs", "2")[1]
    page = open_page(place, "?p=9")
    start(page)
    for _ in range(2):
        for letter in "ABC":
            page.locator(f"input[name={letter}][value='2']").check(force=True)
        page.locator("#next").click()
    page.reload()
    assert "Page 3 of 4" in page.locator("header").inner_text()
    page.locator("#stop").click()
    path = tmp_path / "answers-9.json"
    path.write_text(page.locator("#answers").input_value(), "utf-8")
    assert len(read_answers(path, read_key(place / "key.json")).judged) == 2
    assert json.loads(path.read_text())["finished"] is False
    page.locator("#continue").click()
    assert "Page 3 of 4" in page.locator("header").inner_text()
    page.locator("#stop").click()
    page.locator("#again").click()
    assert page.locator("#start").count() == 1
    page.reload()
    assert page.locator("#start").count() == 1


def test_the_page_speaks_chinese_to_who_does_and_changes_on_request(make, open_page):
    page = open_page(make("--pairs", "2")[1], locale="zh-CN")
    assert page.locator("h1").inner_text() == texts()["zh"]["title"]
    assert page.evaluate("document.documentElement.lang") == "zh-Hans"
    page.locator("nav button", has_text="English").click()
    assert page.locator("h1").inner_text() == texts()["en"]["title"]
    page.locator("#number").fill("0")
    start(page)
    assert page.locator(".alert").inner_text() == texts()["en"]["number_wrong"]
    assert page.wrong == []


@pytest.mark.parametrize("words", [(), ("--layout", "after", "--seconds", "0.1")])
def test_who_knows_the_photograph_is_never_fooled(make, open_page, tmp_path, words):
    place = make("--kind", "fool", "--pairs", "3", *words)[1]
    page = open_page(place, "#3", width="phone")
    start(page)
    key = read_key(place / "key.json")
    while page.locator("#next").count():
        page.locator("#next").click()
        assert page.locator(".alert").inner_text() == texts()["en"]["choose_first"]
        if words:
            assert page.locator("fieldset:disabled").count() == 1
            page.locator("#show").click()
            page.wait_for_selector("fieldset:enabled")
            assert page.locator(".stage img").count() == 0  # Their time is over.
            page.locator("fieldset input").first.check(force=True)
        else:
            page.locator(".stage img").nth(1).wait_for()
            levels = [level_of(page, image) for image in page.locator(".stage img").all()]
            page.locator("fieldset input").nth(levels.index(LEVELS["truth"])).check(force=True)
        page.locator("#next").click()
    path = tmp_path / "answers-3.json"
    path.write_text(page.locator("#answers").input_value(), "utf-8")
    assert page.wrong == []
    judged = read_answers(path, key).judged
    assert len(judged) == 5
    if not words:  # Flat photographs are their own patches: the control cannot be told here.
        pages = [key.page(name) for name in judged if key.page(name).role != "control"]
        assert all(judged[page.id].chosen == page.truth for page in pages)


def test_texts_of_both_languages_have_the_same_entries():
    english, chinese = texts()["en"], texts()["zh"]
    assert english.keys() == chinese.keys()
    assert [len(text) for text in (english["grades"], chinese["grades"])] == [5, 5]
    for name in ("progress", "picture", "unanswered"):
        marks = {word for word in ("NUMBER", "TOTAL", "LETTER") if word in english[name]}
        assert marks
        assert all(mark in chinese[name] for mark in marks)
