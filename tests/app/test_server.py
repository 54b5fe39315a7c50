"""The server without a browser: ports, ends, uploads, and that nothing stays on the disk."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

import httpx
import pytest
import torch

from flowcolor.app.data_urls import to_data_url
from flowcolor.app.guard import MOST_REQUEST, Guard
from flowcolor.app.server import bind, link, own_folder, share
from flowcolor.cli.main import main
from flowcolor.errors import InputError


def test_a_free_port_is_taken_and_named():
    with bind("127.0.0.1", 0) as first, bind("127.0.0.1", 0) as second:
        assert link(first).startswith("http://127.0.0.1:")
        assert link(first) != link(second)


def test_a_taken_port_is_one_sentence_at_once(capsys):
    with bind("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        assert main(["app", "--port", str(port)]) == 2
    assert capsys.readouterr().err == (
        f"flowcolor: --port expects a free port, got {port}, which is in use.\n"
    )


@pytest.mark.parametrize(
    ("host", "port", "sentence"),
    [
        ("127.0.0.1", 70000, "--port expects a number from 0 to 65535, got 70000."),
        ("127.0.0.1", -1, "--port expects a number"),
        ("no such host", 0, "--host expects an address of this machine, got 'no such host'."),
        ("192.0.2.1", 0, "--host expects an address of this machine, got '192.0.2.1'."),
    ],
)
def test_what_cannot_be_listened_at_is_one_sentence(host, port, sentence):
    with pytest.raises(InputError) as caught:
        bind(host, port)
    assert str(caught.value).startswith(sentence)


def test_every_address_is_shown_as_one_that_a_browser_can_open():
    with bind("0.0.0.0", 0) as taken:  # noqa: S104
        assert link(taken) == f"http://127.0.0.1:{taken.getsockname()[1]}"
    if socket.has_ipv6:
        with bind("::1", 0) as taken:
            assert link(taken) == f"http://[::1]:{taken.getsockname()[1]}"


def test_a_public_link_without_network_is_one_sentence(monkeypatch):
    def tunnel(*_):
        raise RuntimeError("Could not get share link from Gradio API Server.")

    monkeypatch.setattr("gradio.networking.setup_tunnel", tunnel)
    with (
        bind("127.0.0.1", 0) as taken,
        pytest.raises(InputError, match="--share needs the network and gradio's server: Could"),
    ):
        share(taken)


def test_the_folder_of_gradio_is_removed_and_the_environment_as_before(monkeypatch):
    monkeypatch.setenv("GRADIO_TEMP_DIR", "before")
    with own_folder():
        folder = Path(os.environ["GRADIO_TEMP_DIR"])
        assert folder.is_dir()
        assert folder.parent == Path(tempfile.gettempdir())
    assert not folder.exists()
    assert os.environ["GRADIO_TEMP_DIR"] == "before"


@pytest.mark.parametrize("words", [["--model", "nobody"], ["--model", "no.safetensors"]])
def test_no_model_is_one_sentence_and_the_port_is_free_again(words, capsys):
    with bind("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
    assert main(["app", "--port", str(port), *words]) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert words[1] in error
    bind("127.0.0.1", port).close()


def test_importing_the_page_changes_no_environment_and_needs_no_gradio():
    code = """
import os, sys
before = dict(os.environ)
import flowcolor.app.answer, flowcolor.app.server, flowcolor.app.uploads, flowcolor.cli.app
print(dict(os.environ) == before, "gradio" in sys.modules)
"""
    words = [sys.executable, "-c", code]
    done = subprocess.run(words, check=True, capture_output=True, text=True)
    assert done.stdout == "True False\n"


async def answered(body, path="/gradio_api/component_server", headers=()):
    """Return the status that a guarded application gives, and how much of the body it saw."""
    sent, seen = [], 0

    async def application(scope, receive, send):
        nonlocal seen
        while True:
            message = await receive()
            seen += len(message.get("body", b""))
            if message["type"] == "http.disconnect" or not message.get("more_body"):
                break
        await send({"type": "http.response.start", "status": 200, "headers": []})

    parts = iter(body)

    async def receive():
        return {"type": "http.request", "body": next(parts), "more_body": True}

    async def send(message):
        sent.append(message)

    scope = {"type": "http", "path": path, "headers": list(headers)}
    await Guard(application)(scope, receive, send)
    return sent[0]["status"], seen


def test_uploads_to_files_and_huge_requests_are_refused_unread():
    assert asyncio.run(answered([b"x"] * 9, "/gradio_api/upload")) == (403, 0)
    form = [
        (b"content-type", b"text/plain"),
        (b"content-type", b" Multipart/Form-Data; boundary=x"),
    ]
    assert asyncio.run(answered([b"x"] * 9, headers=form)) == (403, 0)
    length = [(b"content-length", str(MOST_REQUEST + 1).encode())]
    assert asyncio.run(answered([b"x"] * 9, headers=length)) == (413, 0)
    part = bytes(2**20)  # Of a length that nobody tells.
    assert asyncio.run(answered([part] * 100))[1] == MOST_REQUEST


async def broken(error, begun=False):
    """Return what a guarded application that breaks down answers, its status and its last part."""
    sent = []

    async def application(scope, receive, send):
        if begun:
            await send({"type": "http.response.start", "status": 200, "headers": []})
        raise error

    async def receive():
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message):
        sent.append(message)

    scope = {"type": "http", "path": "/gradio_api/run/paint", "headers": []}
    await Guard(application)(scope, receive, send)
    return sent[0]["status"], sent[-1]["body"].decode()


@pytest.mark.parametrize("begun", [False, True])
@pytest.mark.parametrize("fault", [OSError("data:image/png"), RuntimeError(), MemoryError()])
def test_a_fault_of_the_server_leaves_a_line_without_a_picture_in_its_log(fault, begun, capsys):
    status, said = asyncio.run(broken(fault, begun))
    assert status == (200 if begun else 500)
    assert "The server could not answer this request" in said
    (line,) = capsys.readouterr().err.splitlines()
    kind = type(fault).__name__
    assert line == f"flowcolor: /gradio_api/run/paint broke down: {kind} in {__name__}."
    assert "image/png" not in line + said


def test_a_fault_in_our_own_code_is_none_of_a_visitor(capsys):
    async def ours(scope, receive, send):
        to_data_url(None)  # An AttributeError or TypeError of flowcolor, not of gradio.

    async def send(message):
        assert message.get("status", 500) == 500

    asyncio.run(Guard(ours)({"type": "http", "path": "/", "headers": []}, None, send))
    assert "flowcolor: / broke down: " in capsys.readouterr().err


@pytest.mark.parametrize("begun", [False, True])
@pytest.mark.parametrize("wrong", [KeyError(99), ValueError("NaN"), TypeError("no such word")])
def test_a_wrong_value_of_a_visitor_leaves_no_line(wrong, begun, capsys):
    status, said = asyncio.run(broken(wrong, begun))
    assert status == (200 if begun else 400)
    assert "This page expects requests for what it offers" in said
    assert capsys.readouterr().err == ""


@pytest.mark.slow
def test_a_served_page_keeps_nothing_and_ends_cleanly(start, tmp_path):
    served = start("--model", "tint", temporary=tmp_path)
    assert served.said[:2] == [
        "flowcolor app: loading PyTorch and gradio ...",
        "loading the model tint ...",
    ]
    page = httpx.get(served.link, timeout=60)
    assert page.status_code == 200
    assert "fonts.googleapis.com" not in page.text
    boxes = httpx.get(f"{served.link}/config", timeout=60).json()["components"]
    (takes,) = {box["props"]["props"]["takes_dots"] for box in boxes if "takes_dots" in str(box)}
    assert takes is False  # Nor does a page for other models show the tool.
    upload = f"{served.link}/gradio_api/upload"
    files = {"files": ("secret name.png", b"content")}
    assert httpx.post(upload, files=files, timeout=60).status_code == 403
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
    assert served.stop() == (130, "flowcolor: interrupted\n")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_a_terminated_server_leaves_nothing(start, tmp_path):
    served = start("--model", "tint", temporary=tmp_path)
    assert served.stop(signal.SIGTERM) == (128 + signal.SIGTERM, "")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_no_upload_becomes_a_file_whichever_way_it_is_sent(start, tmp_path):
    served = start("--model", "tint", temporary=tmp_path)
    part = b'--X\r\nContent-Disposition: form-data; name="video"; filename="a.png"\r\n\r\npixels'
    headers = {"content-type": "multipart/form-data; boundary=X"}
    for path in ("component_server", "process_recording"):
        for end in (b"\r\n--X--\r\n", b"\r\n--X\rcut off"):
            address = f"{served.link}/gradio_api/{path}"
            answered = httpx.post(address, content=part + end, headers=headers, timeout=60)
            assert answered.json() == {"detail": "This server accepts no files."}
            assert answered.status_code == 403
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
    assert served.stop() == (130, "flowcolor: interrupted\n")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_what_was_painted_is_forgotten_and_no_link_brings_it_back(start, tmp_path):
    served = start("--model", "tint", temporary=tmp_path)
    ours = f"{served.link}/gradio_api"
    picture = to_data_url(torch.eye(16).expand(3, -1, -1))
    data = [picture, picture, "keep", "trained", True, True, False]
    body = {"data": data, "fn_index": 0, "session_hash": "somebody"}
    assert httpx.post(f"{ours}/queue/join", json=body, timeout=60).status_code == 200
    said = httpx.get(f"{ours}/queue/data?session_hash=somebody", timeout=120).text
    assert "data:image/png;base64," in said
    # gradio's link to the drawing, the reference and the picture of a session.
    assert httpx.get(f"{ours}/deep_link?session_hash=somebody", timeout=60).json() == ""
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
    assert served.stop() == (130, "flowcolor: interrupted\n")


@pytest.mark.parametrize(
    ("ended", "status"), [("KeyboardInterrupt()", 130), ("SystemExit(143)", 143)]
)
def test_a_server_that_is_stopped_does_not_wait_for_the_picture_that_it_paints(ended, status):
    code = f"""
import sys, threading, time
from flowcolor.cli import main
def serve(words):
    threading.Thread(target=time.sleep, args=(300,)).start()
    raise {ended}
main.COMMANDS["app"] = serve
sys.argv = ["flowcolor", "app"]
sys.exit(main.program())
"""
    done = subprocess.run([sys.executable, "-c", code], check=False, timeout=60)
    assert done.returncode == status
