"""What browsers send may be of any type: it is answered in one sentence, without a traceback."""

import json

import httpx
import pytest
import torch

from flowcolor.app.answer import answer
from flowcolor.app.data_urls import to_data_url
from flowcolor.app.dots import read_dots
from flowcolor.app.uploads import open_upload
from flowcolor.errors import InputError
from flowcolor.inference import load
from flowcolor.painting import How

NO_PICTURE = "is not a picture in a data URL."
PICTURE = to_data_url(torch.eye(16).expand(3, -1, -1))


@pytest.mark.parametrize("reference", [5, True, ["a"], {"a": 1}])
def test_a_reference_that_is_no_text_is_one_sentence(reference):
    assert answer(load("tint"), PICTURE, reference, How()) == ("", f"The reference {NO_PICTURE}")


@pytest.mark.parametrize(
    "option",
    [
        *({"lines": value} for value in (5, None, [], "KEEP")),
        *({"size": value} for value in (5, None, [], "1e9")),
        *({"clean": value} for value in ("false", None, 1)),
        {"align": {}},
        {"draw": [1]},
    ],
    ids=str,
)
def test_an_option_of_another_type_is_one_sentence(option):
    picture, text = answer(load("tint"), PICTURE, PICTURE, How(**option))
    assert picture == ""
    assert " expects " in text
    assert text.count(". ") == 0


@pytest.mark.parametrize("url", [5, None, [], {"a": 1}, True, ["data:,"]])
def test_an_upload_that_is_no_text_is_one_sentence(url):
    assert open_upload(url) == {"picture": "", "problem": f"The file {NO_PICTURE}"}


def test_truth_is_no_place_of_a_dot():
    with pytest.raises(InputError, match="A colour dot expects"):
        read_dots([[True, 0.5, "#ff0000"]])


@pytest.mark.slow
def test_a_server_says_it_to_the_browser_and_nothing_to_the_terminal(start):
    served = start("--model", "tint")
    address = f"{served.link}/gradio_api/call/paint"
    for lines, size in (("KEEP", "trained"), ("keep", "1e9"), ("keep", None), (5, "own")):
        data = [PICTURE, PICTURE, lines, size, True, True, False]
        event = httpx.post(address, json={"data": data}, timeout=120).json()["event_id"]
        answered = httpx.get(f"{address}/{event}", timeout=120).text.splitlines()
        assert answered[0] == "event: complete"
        picture, text = json.loads(answered[1].removeprefix("data: "))
        assert (picture, text.count(" expects ")) == ("", 1)
    for name, count in (("paint", 3), ("paint", 8), ("paint", 0)):
        address = f"{served.link}/gradio_api/call/{name}"
        event = httpx.post(address, json={"data": ["x"] * count}, timeout=120).json()["event_id"]
        answered = httpx.get(f"{address}/{event}", timeout=120).text
        assert answered.startswith("event: error\n")
        assert f'"paint expects 7 values, got {count}."' in answered
        direct = f"{served.link}/gradio_api/run/{name}"
        answered = httpx.post(direct, json={"data": ["x"] * count}, timeout=120)
        assert answered.status_code == 400
        assert answered.json()["error"] == f"paint expects 7 values, got {count}."
    call, run = f"{served.link}/gradio_api/call/none", f"{served.link}/gradio_api/run/paint"
    for address, number in ((call, None), (run, 99)):
        body = {"data": [], "fn_index": number}
        answered = httpx.post(address, json=body, timeout=120)
        assert answered.status_code == 400
        assert answered.json()["detail"].startswith("This page expects requests for what it offers")
    answered = httpx.get(f"{served.link}/gradio_api/call/paint/none", timeout=120)
    assert answered.text.startswith("event: error\n")
    assert served.stop() == (130, "flowcolor: interrupted\n")


@pytest.mark.slow
def test_no_visitor_reads_a_file_of_the_server(start, tmp_path):
    secret, temporary = tmp_path / "secret.txt", tmp_path / "temporary"
    secret.write_text("of nobody else", "utf-8")
    temporary.mkdir()
    served = start("--model", "tint", temporary=temporary)
    address = f"{served.link}/gradio_api/run/paint"
    file = {"path": str(secret), "meta": {"_type": "gradio.FileData"}}
    far = {**file, "path": "http://192.0.2.1/picture.png"}
    odd = {**file, "meta": 5}
    drawn = {"picture": PICTURE, "dots": [[0.5, 0.5, file]]}
    deep = file
    for _ in range(50):
        deep = {"a": [deep]}
    wrong = [(place, value) for place in range(7) for value in (file, far, odd, deep)]
    for place, value in [*wrong, (0, drawn)]:
        data = [PICTURE, PICTURE, "keep", "trained", True, True, False]
        data[place] = value
        answered = httpx.post(address, json={"data": data}, timeout=120)
        assert answered.status_code == 400
        assert answered.json()["error"] == "This page takes pictures as texts, got a file."
    assert [path for path in temporary.rglob("*") if path.is_file()] == []
    assert served.stop() == (130, "flowcolor: interrupted\n")
