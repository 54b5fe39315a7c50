"""A socket, a page, and a server that ends when it is told to."""

import errno
import os
import secrets
import signal
import socket
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from flowcolor.errors import InputError

if TYPE_CHECKING:
    import gradio as gr

LOOPBACK = "127.0.0.1"
_FOLDER = "GRADIO_TEMP_DIR"
_PATIENCE = 2  # Seconds for answers that are being written when the server is stopped.


def bind(host: str, port: int) -> socket.socket:
    """Take a port, before anything slow is done.

    Args:
        host: An address or a name of this machine.
        port: 0 for any that is free.

    Raises:
        InputError: The port is taken or not allowed, or this machine has no such address.
    """
    if not 0 <= port <= 65535:
        raise InputError(f"--port expects a number from 0 to 65535, got {port}.")
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except (socket.gaierror, UnicodeError) as error:
        raise InputError(f"--host expects an address of this machine, got {host!r}.") from error
    taken = socket.socket(family, kind, protocol)
    try:
        # A port whose server has just ended can be taken again at once.
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind(address)
        taken.listen(128)
    except OSError as error:
        taken.close()
        if error.errno == errno.EADDRINUSE:
            sentence = f"--port expects a free port, got {port}, which is in use."
        elif error.errno == errno.EACCES:
            sentence = f"--port expects a port that you may open, got {port}."
        else:
            sentence = f"--host expects an address of this machine, got {host!r}."
        raise InputError(sentence) from error
    return taken


def link(taken: socket.socket) -> str:
    """Return the address for a browser on this machine."""
    host, port = taken.getsockname()[:2]
    if host in ("0.0.0.0", "::"):  # noqa: S104 - it stands for every address, this one included
        host = LOOPBACK
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


@contextmanager
def own_folder() -> Iterator[None]:
    """Give gradio a folder for what it wants to write, and remove it in the end, killed or not."""
    before, handler = os.environ.get(_FOLDER), signal.getsignal(signal.SIGTERM)
    with tempfile.TemporaryDirectory(prefix="flowcolor-") as folder:
        os.environ[_FOLDER] = folder
        # Without a handler, the folder would stay when a service manager ends the process.
        signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
        try:
            yield
        finally:
            signal.signal(signal.SIGTERM, handler)
            os.environ.pop(_FOLDER)
            if before is not None:
                os.environ[_FOLDER] = before


def serve(page: "gr.Blocks", taken: socket.socket, when_ready: Callable[[], None]) -> None:
    """Answer requests until the process is told to end.

    Args:
        page: What is shown.
        taken: From :func:`bind`.
        when_ready: Called once when requests are answered.

    Raises:
        KeyboardInterrupt: By Ctrl-C, after the server has ended.
    """
    import gradio as gr
    import uvicorn
    from fastapi import FastAPI
    from gradio.routes import App
    from starlette.routing import Mount

    from flowcolor.app import web
    from flowcolor.app.guard import Guard
    from flowcolor.app.sessions import NoSessions
    from flowcolor.app.theme import make_theme

    application = gr.mount_gradio_app(
        FastAPI(openapi_url=None),
        page,
        path="/",
        footer_links=[],
        run_history=False,
        show_error=True,
        ssr_mode=False,
        theme=make_theme(),
        css=web.text("page.css"),
    )
    for route in application.routes:
        if isinstance(route, Mount) and isinstance(route.app, App):
            route.app.state_holder = NoSessions()
            route.app.state_holder.set_blocks(page)
    config = uvicorn.Config(
        Guard(application),
        log_level="critical",
        timeout_graceful_shutdown=_PATIENCE,
    )
    server = uvicorn.Server(config)
    started = server.startup

    async def startup(sockets: list[socket.socket] | None = None) -> None:
        await started(sockets)
        if server.started:
            when_ready()

    server.startup = startup  # type: ignore[method-assign]
    before = signal.getsignal(signal.SIGINT)
    # Of a process that was started in the background, uvicorn stops at Ctrl-C and says nothing.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with taken:
            server.run(sockets=[taken])
    finally:
        signal.signal(signal.SIGINT, before)


def share(taken: socket.socket) -> str:
    """Open gradio's tunnel, and return the public address.

    Raises:
        InputError: There is no network, or the tunnel cannot be opened.
    """
    from gradio.networking import setup_tunnel

    host, port = taken.getsockname()[:2]
    try:
        return setup_tunnel(host, port, secrets.token_urlsafe(32), None, None)
    except Exception as error:
        raise InputError(f"--share needs the network and gradio's server: {error}") from error
