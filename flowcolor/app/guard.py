"""What the server refuses before anybody reads it."""

import json
from collections.abc import Awaitable, Callable, MutableMapping
from traceback import walk_tb
from typing import Any

from flowcolor.app.data_urls import MOST_BYTES
from flowcolor.console import complain

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Message, Receive, Send], Awaitable[None]]

_BROKEN = 500
_FAULT = "The server could not answer this request; its log says where it broke down."
_NO_ANSWER = "This page expects requests for what it offers, got another one."
_OF_VALUES = (LookupError, TypeError, ValueError)
_OF_VISITORS = {"ClientDisconnect", "FnIndexInferError", "HTTPException"}  # gradio loads slowly.
MOST_REQUEST = 2 * MOST_BYTES  # Base64 takes a third more than the file.


class Guard:
    """An ASGI application in front of another one.

    gradio would write every upload to a file, in three ways, one of them under the name that the
    visitor gives. This page needs no such upload, so none is accepted; and no request may be so
    large that it fills the memory. Of a function or an event that does not exist, gradio would
    break down.

    Args:
        application: What answers all other requests.
    """

    def __init__(self, application: Application) -> None:
        self.application = application

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] != "http":
            await self.application(scope, receive, send)
        elif scope["path"].rstrip("/").endswith("/upload") or _is_form(scope):
            await _refuse(send, 403, "This server accepts no files.")
        else:
            await self._limited(scope, receive, send)

    async def _limited(self, scope: Message, receive: Receive, send: Send) -> None:
        refusal = f"A request expects at most {MOST_REQUEST >> 20} MB."
        length = dict(scope["headers"]).get(b"content-length", b"0")
        if not length.isdigit() or float(length) > MOST_REQUEST:
            await _refuse(send, 413, refusal)
            return
        seen = 0

        async def counted() -> Message:
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            # One that does not tell its length beforehand is cut off, as if the visitor had left.
            return message if seen <= MOST_REQUEST else {"type": "http.disconnect"}

        answer = _Answer(send)
        try:
            await self.application(scope, counted, answer.send)
        except Exception as error:
            if _is_visitors(error):
                await answer.end(400, _NO_ANSWER)
            else:
                complain(f"flowcolor: {scope['path'][:100]} broke down: {_place_of(error)}.")
                await answer.end(_BROKEN, _FAULT)
        else:
            if answer.broken:
                complain(f"flowcolor: {scope['path'][:100]} was answered with status {_BROKEN}.")
                await answer.end(_BROKEN, _FAULT)


class _Answer:
    """An answer that says in a sentence what the application would break down at.

    Attributes:
        broken: Whether the application has sent that it broke down, which is not handed on: the
            error that says why comes after.
    """

    def __init__(self, send: Send) -> None:
        self._send = send
        self._begun = self._ended = self.broken = False

    async def send(self, message: Message) -> None:
        """Hand a part on, unless the rest is already said."""
        if self._ended or self.broken:
            return
        if message.get("status") == _BROKEN:
            kind = dict(message["headers"]).get(b"content-type", b"")
            if not kind.startswith(b"application/json"):  # No sentence of gradio's.
                self.broken = True
                return
            message["status"] = 400
        self._begun = True
        self._ended = message["type"] == "http.response.body" and not message.get("more_body")
        await self._send(message)

    async def end(self, status: int, sentence: str) -> None:
        """Say that there is no answer, also where one has begun."""
        if self._ended:
            return
        self._ended = True
        if self._begun:  # Only of events, of which one at a time is sent.
            event = f"event: error\ndata: {json.dumps({'error': sentence})}\n\n".encode()
            await self._send({"type": "http.response.body", "body": event})
        else:
            await _refuse(self._send, status, sentence)


def _is_form(scope: Message) -> bool:
    """Tell whether a request may hold files, which would lie on the disk while it is read."""
    kinds = [value for name, value in scope["headers"] if name == b"content-type"]
    return any(kind.strip().lower().startswith(b"multipart/") for kind in kinds)


def _is_visitors(error: Exception) -> bool:
    """Tell whether gradio broke down by itself, at what it has not or at a wrong value."""
    asked = error.__cause__ or error  # starlette wraps what comes after an answer has begun.
    theirs = isinstance(asked, _OF_VALUES) or type(asked).__name__ in _OF_VISITORS
    modules = [*_modules_of(error), *_modules_of(asked)]
    return theirs and not any(module.startswith("flowcolor.") for module in modules)


def _place_of(error: Exception) -> str:
    """Return kind and place of an error, but not its message, which may hold a picture."""
    asked = error.__cause__ or error
    *_, module = _modules_of(asked)
    return f"{type(asked).__name__} in {module}"


def _modules_of(error: BaseException) -> list[str]:
    """Return the modules through which an error came, this one left out."""
    places = [frame.f_globals for frame, _ in walk_tb(error.__traceback__)]
    return [str(place.get("__name__")) for place in places if place is not globals()]


async def _refuse(send: Send, status: int, sentence: str) -> None:
    body = json.dumps({"detail": sentence}).encode()
    headers = [(b"content-type", b"application/json"), (b"connection", b"close")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
