"""The page in a real browser, as somebody uses it who has never opened a terminal."""

import time
from statistics import median
from urllib.parse import urlsplit

import numpy as np
import pytest
from PIL import Image

from flowcolor.app.answer import NOTHING_DRAWN
from flowcolor.app.data_urls import from_data_url
from flowcolor.app.examples import examples
from tests.browser import launched, needs_browser

pytestmark = [
    needs_browser,
    pytest.mark.slow,
]
WIDTHS = {"desktop": {"width": 1280, "height": 900}, "phone": {"width": 360, "height": 740}}
PATIENCE = 120_000  # Milliseconds; a busy machine is no failure.


@pytest.fixture(scope="module")
def browser():
    with launched() as browser:
        yield browser


@pytest.fixture(scope="module")
def served(start):
    return start()


@pytest.fixture
def visit(browser):
    """Open the page; every address but loopback is refused, and noted as a fault."""
    contexts = []

    def run(served, width="desktop"):
        context = browser.new_context(viewport=WIDTHS[width], has_touch=width == "phone")
        context.set_default_timeout(PATIENCE)
        contexts.append(context)
        page = context.new_page()
        page.outside, page.asked, page.wrong = [], [], []

        def look(route):
            address = urlsplit(route.request.url)
            page.asked.append(address.path)
            if address.scheme in ("data", "blob") or address.hostname == "127.0.0.1":
                route.continue_()
            else:
                page.outside.append(route.request.url)
                route.abort()

        context.route("**/*", look)
        page.on("pageerror", lambda error: page.wrong.append(str(error)))
        page.goto(served.link)
        page.locator("#drawing .fc-ready, #drawing.fc-ready").wait_for()
        page.locator("#reference .fc-ready, #reference.fc-ready").wait_for()
        return page

    yield run
    for context in contexts:
        context.close()


def source(page):
    return page.locator("#result .fc-picture").get_attribute("src") or ""


def painted(page, before):
    """Wait for another picture than before and return its address."""
    page.wait_for_function(
        "old => { const p = document.querySelector('#result .fc-picture');"
        " return !p.hidden && p.src !== old; }",
        arg=before,
    )
    return source(page)


def shown(page, agrees):
    """Wait for a picture that agrees and return it; one that never does fails.

    Pictures of earlier strokes may arrive in between: on a busy machine much later.
    """
    seen = ""
    for _ in range(PATIENCE // 250):
        if source(page) not in ("", seen):
            seen = source(page)
            picture = from_data_url(seen, "It", 2048)
            if agrees(picture):
                return picture
        page.wait_for_timeout(250)
    raise AssertionError("No picture that agrees was shown.")


def follows(page):
    """Tell of a picture whether it has lines where the paper has some, and only there."""
    lines = drawing(page)

    def agrees(picture):
        if picture.shape != lines.shape:
            return False
        inked, blank = picture[:, lines[0] == 0], picture[:, lines[0] == 1]
        return float(inked.amax()) < 0.02 < float(blank.amin())

    return agrees


def colored_like(index):
    """Tell of a picture whether its mean colour is nearer to this example's than to the other's."""
    means = [from_data_url(each.picture, "It", 256).mean((1, 2)) for each in examples("photo")]

    def agrees(picture):
        apart = [float((picture.mean((1, 2)) - mean).norm()) for mean in means]
        return apart[index] < apart[1 - index]

    return agrees


def stroke(page, *points):
    """Draw with the mouse; points are parts of the paper's sides."""
    canvas = page.locator("#drawing canvas")
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    places = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in points]
    page.mouse.move(*places[0])
    page.mouse.down()
    for place in places[1:]:
        page.mouse.move(*place, steps=8)
    page.mouse.up()


def circle(x, y, radius, corners=24):
    angles = np.linspace(0, 2 * np.pi, corners)
    return [(x + radius * np.cos(a), y + radius * np.sin(a)) for a in angles]


def drawing(page):
    url = page.locator("#drawing canvas").evaluate("canvas => canvas.toDataURL()")
    return from_data_url(url, "It", 2048)


def example(page, name, index):
    page.locator(f"#{name} .fc-examples button").nth(index).click()


def say(capsys, text):
    with capsys.disabled():
        print(f"\n  {text}")  # noqa: T201


@pytest.mark.parametrize("width", WIDTHS)
def test_strokes_and_an_example_become_a_picture_of_their_lines_and_colours(served, visit, width):
    page = visit(served, width)
    assert page.locator("#report").inner_text().strip() == NOTHING_DRAWN
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    stroke(page, *circle(0.5, 0.5, 0.3))
    first = painted(page, "")
    stroke(page, (0.4, 0.45), (0.45, 0.45))
    stroke(page, (0.4, 0.62), (0.6, 0.62))
    painted(page, first)
    assert float((drawing(page) < 0.1).float().mean()) > 0.005
    agrees = follows(page)
    for index in (1, 0):
        example(page, "reference", index)
        like = colored_like(index)
        shown(page, lambda picture, like=like: agrees(picture) and like(picture))
    page.locator("#report").get_by_text("Every line can be recovered").wait_for()
    assert page.outside == []
    assert page.wrong == []
    assert not any("upload" in path for path in page.asked)


def test_undo_redo_eraser_and_clear_do_what_they_say(served, visit):
    page = visit(served)
    stroke(page, (0.2, 0.2), (0.8, 0.8))
    one = drawing(page)
    stroke(page, (0.2, 0.8), (0.8, 0.2))
    two = drawing(page)
    page.get_by_role("button", name="Undo").click()
    assert drawing(page).equal(one)
    page.get_by_role("button", name="Redo").click()
    assert drawing(page).equal(two)
    page.get_by_role("button", name="Eraser").click()
    stroke(page, (0.2, 0.2), (0.3, 0.3))
    assert int((drawing(page) == 0).sum()) < int((two == 0).sum())
    page.get_by_role("button", name="Clear").click()
    assert float(drawing(page).amin()) == 1
    page.locator("#report").get_by_text(NOTHING_DRAWN).wait_for()
    assert page.locator("#result .fc-picture").is_hidden()
    page.get_by_role("button", name="Undo").click()
    assert float(drawing(page).amin()) == 0
    with page.expect_download() as download:
        painted(page, "")
        page.get_by_role("link", name="Download").click()
    assert download.value.suggested_filename == "painted.png"
    with Image.open(download.value.path()) as saved:
        assert saved.size == (512, 512)


def test_the_keyboard_is_enough(served, visit):
    page = visit(served)
    page.locator("#drawing canvas").focus()
    page.keyboard.press("Space")
    for key in ("ArrowRight", "ArrowDown"):
        for _ in range(8):
            page.keyboard.press(key)
    page.keyboard.press("Space")
    first = painted(page, "")
    ink = (drawing(page)[0] < 0.5).nonzero()
    assert ink.amin(0).tolist() == pytest.approx([256, 256], abs=4)
    assert ink.amax(0).tolist() == pytest.approx([336, 336], abs=4)
    page.keyboard.press("Control+z")
    assert float(drawing(page).amin()) == 1
    page.keyboard.press("Control+Shift+z")
    page.locator("#reference .fc-examples button").nth(1).focus()
    page.keyboard.press("Enter")
    painted(page, first)


def click(page, x, y):
    """Click on the paper, at parts of its sides."""
    canvas = page.locator("#drawing canvas")
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    page.mouse.click(box["x"] + x * box["width"], box["y"] + y * box["height"])


def dots(page):
    """Return left, top and colour of the dots on the paper."""
    return page.locator("#drawing .fc-dots span").evaluate_all(
        "all => all.map(({ style }) => [style.left, style.top, style.background])"
    )


@pytest.mark.parametrize("width", WIDTHS)
def test_a_colour_dot_moves_the_colours_near_it_and_no_line(served, visit, width):
    page = visit(served, width)
    stroke(page, *circle(0.5, 0.5, 0.3))
    before = painted(page, "")
    lines, agrees = drawing(page), follows(page)
    page.get_by_label("Colour of the dot").fill("#e01020")
    assert page.get_by_role("button", name="Colour dot").get_attribute("aria-pressed") == "true"
    click(page, 0.5, 0.5)
    with_dot = painted(page, before)
    assert [color for *_, color in dots(page)] == ["rgb(224, 16, 32)"]
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert drawing(page).equal(lines)
    plain, red = (from_data_url(url, "It", 2048) for url in (before, with_dot))
    assert agrees(red)
    wanted = np.array([224, 16, 32]) / 255
    far = [
        np.abs(each[:, 230:282, 230:282].mean((1, 2)).numpy() - wanted).sum()
        for each in (plain, red)
    ]
    assert far[1] < far[0] - 0.2
    page.get_by_role("button", name="Undo").click()
    assert painted(page, with_dot) == before
    page.get_by_role("button", name="Redo").click()
    assert painted(page, before) == with_dot
    page.get_by_role("button", name="Eraser").click()
    click(page, 0.51, 0.5)
    assert painted(page, with_dot) == before
    assert dots(page) == []
    assert page.wrong == []


def test_dots_are_set_with_the_keyboard_dragged_and_cleared(served, visit):
    page = visit(served)
    page.locator("#drawing canvas").focus()
    for key in ("d", "ArrowRight", "ArrowDown", "Space", "ArrowRight", "Space"):
        page.keyboard.press(key)
    assert [place for place, *_ in dots(page)] == pytest.approx(["51.9531%", "53.9062%"])
    page.locator("#report").get_by_text(NOTHING_DRAWN).wait_for()
    page.keyboard.press("Control+z")
    assert len(dots(page)) == 1
    stroke(page, (0.2, 0.2), (0.25, 0.75))
    assert [float(side[:-1]) for side in dots(page)[1][:2]] == pytest.approx([25, 75], abs=1)
    page.get_by_role("button", name="Clear").click()
    assert dots(page) == []
    page.get_by_role("button", name="Undo").click()
    assert len(dots(page)) == 2
    assert page.wrong == []


def test_a_model_without_hints_has_no_trace_of_dots_in_its_page(start, visit):
    page = visit(start("--model", "tint"))
    assert page.locator("#drawing [data-tool]").count() == 2
    assert page.locator("#drawing :is(.fc-color, .fc-dots)").count() == 0
    assert "dot" not in page.locator("#drawing canvas").get_attribute("aria-label")
    page.locator("#drawing canvas").focus()
    page.keyboard.press("d")
    assert page.locator("[data-tool=pen]").get_attribute("aria-pressed") == "true"
    stroke(page, (0.2, 0.2), (0.8, 0.8))
    painted(page, "")
    assert page.wrong == []


def test_odd_files_are_painted_or_refused_in_a_sentence_and_the_server_lives_on(
    served, visit, tmp_path
):
    page = visit(served)
    shape = Image.new("RGB", (300, 200), "white")
    shape.paste("black", (10, 8, 290, 16))
    shape.paste("black", (10, 8, 18, 192))
    good = {"cmyk.tif": shape.convert("CMYK"), "ü name.gif": shape.convert("P")}
    for index, (name, picture) in enumerate(good.items()):
        path = tmp_path / name
        picture.save(path)
        example(page, "reference", index)
        page.locator("#drawing input.fc-file").set_input_files(path)
        like = colored_like(index)
        got = shown(page, lambda p, like=like: p.shape == (3, 200, 300) and like(p))
        assert drawing(page).shape == (3, 200, 300)
        assert float(got[:, 10:14, 20:280].amax()) < 0.1
    (tmp_path / "broken.png").write_bytes((tmp_path / "cmyk.tif").read_bytes()[:500])
    (tmp_path / "text.jpg").write_text("no picture")
    (tmp_path / "empty.png").touch()
    Image.new("1", (9000, 9000)).save(tmp_path / "huge.png")
    with (tmp_path / "large.bmp").open("wb") as file:
        file.truncate(40 * 2**20)
    problem = page.locator("#drawing .fc-problem")
    for name in ("broken.png", "text.jpg", "empty.png", "huge.png", "large.bmp"):
        page.locator("#drawing input.fc-file").set_input_files(tmp_path / name)
        page.locator("#drawing .fc-problem:not([hidden])").wait_for()
        assert problem.inner_text().startswith("The file ")
        assert problem.inner_text().count(".") >= 1
        page.evaluate("document.querySelector('#drawing .fc-problem').hidden = true")
    grey = tmp_path / "grey.png"
    Image.new("L", (99, 99), 120).save(grey)
    page.locator("#reference input.fc-file").set_input_files(grey)
    example(page, "drawing", 0)
    page.locator("#report").get_by_text("reference").wait_for()
    assert page.wrong == []


def test_two_tabs_do_not_see_each_other(served, visit):
    tabs = [visit(served), visit(served)]
    marks = [((0.1, 0.1), (0.9, 0.1)), ((0.1, 0.9), (0.9, 0.9))]
    for index, (page, mark) in enumerate(zip(tabs, marks, strict=True)):
        example(page, "reference", index)
        stroke(page, *mark)
    for index, page in enumerate(tabs):
        agrees, like = follows(page), colored_like(index)
        shown(page, lambda picture, a=agrees, like=like: a(picture) and like(picture))
    for page in tabs:  # And it stays so.
        shown(page, follows(page))
    assert not drawing(tabs[0]).equal(drawing(tabs[1]))


def test_a_picture_comes_soon_after_a_stroke(served, visit, capsys):
    page = visit(served)
    stroke(page, *circle(0.5, 0.5, 0.35))
    before, times = painted(page, ""), []
    for index in range(20):
        x, y = 0.3 + 0.1 * (index % 5), 0.35 + 0.1 * (index // 5)
        stroke(page, (x, y), (x + 0.05, y + 0.03))
        start = time.monotonic()
        before = painted(page, before)
        times.append(time.monotonic() - start)
    say(capsys, f"from stroke to picture: median {median(times):.2f} s, longest {max(times):.2f} s")
    assert len(times) == 20


def test_a_server_that_is_stopped_while_it_paints_ends_cleanly(start, visit):
    served = start("--model", "faces")
    page = visit(served)
    example(page, "drawing", 0)
    page.wait_for_timeout(200)
    status, error = served.stop()
    assert (status, error) == (130, "flowcolor: interrupted\n")
    page.locator("#reference input.fc-file").set_input_files(
        {"name": "a.png", "mimeType": "image/png", "buffer": b"x"}
    )
    page.locator("#reference .fc-problem").get_by_text("The server did not answer.").wait_for()
