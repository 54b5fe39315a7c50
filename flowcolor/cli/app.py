"""``flowcolor app``: a page on which one draws a face and sees it painted."""

import socket
from collections.abc import Sequence

from flowcolor.app.server import LOOPBACK, bind, link, own_folder
from flowcolor.cli.options import OptionParser, check_device
from flowcolor.console import say, shown


def main(words: Sequence[str]) -> None:
    """Run ``flowcolor app`` with these words."""
    options = _parser().read(words)
    with bind(options.host, options.port) as taken, own_folder():
        say("flowcolor app: loading PyTorch and gradio ...")
        import gradio  # noqa: F401 - what is missing is told before the model is read

        from flowcolor.app.page import build_page
        from flowcolor.app.server import serve
        from flowcolor.inference import load

        device = check_device(options.device)
        say(f"loading the model {shown(options.model)} ...")
        page = build_page(load(options.model, device))
        serve(page, taken, lambda: _announce(taken, options.share))


def _announce(taken: socket.socket, is_public: bool) -> None:
    say(f"draw at {link(taken)} (Ctrl-C ends the server)")
    if taken.getsockname()[0] != LOOPBACK:
        say("whoever reaches this machine can open the page, too")
    if is_public:
        from flowcolor.app.server import share

        say(f"for everybody who has the link: {share(taken)}")


def _parser() -> OptionParser:
    parser = OptionParser(
        prog="flowcolor app",
        description="Open a page on which one draws a face and sees it painted. Nothing leaves "
        "this machine, and nothing that is drawn or opened is kept.",
    )
    parser.add_argument(
        "--model",
        default="faces",
        help="a model of the package (faces), a method without weights (tint), or a .ckpt or "
        ".safetensors file of flowcolor",
    )
    parser.add_argument("--device", default="cpu", help="where the model runs, for instance cuda")
    parser.add_argument(
        "--host",
        default=LOOPBACK,
        help="address that is listened at; 0.0.0.0 lets other machines of the network in",
    )
    parser.add_argument("--port", type=int, default=0, help="0 takes any port that is free")
    parser.add_argument(
        "--share",
        action="store_true",
        help="also open a public link, through a server of gradio's: everything that visitors "
        "send then passes through the internet",
    )
    return parser
