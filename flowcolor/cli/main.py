"""The command ``flowcolor``: one word chooses what to do, heavy imports come after."""

import gc
import os
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from functools import partial
from importlib import import_module

from flowcolor import __version__
from flowcolor.cli.out_of_memory import out_of_memory
from flowcolor.cli.surroundings import require_current_folder, unusable
from flowcolor.console import complain, escaping, flush, say, speaks_for_all
from flowcolor.ending import heeding_signals, let_ctrl_c_through
from flowcolor.errors import InputError, refuse_zero_bytes
from flowcolor.extras import missing_extra

USAGE = """usage: flowcolor COMMAND [options]

Paint line drawings of faces with the colours of any photograph.

commands:
  quickstart  paint the drawings of two portraits that are installed with it, to begin with
  colorize    paint a drawing or colour a grey photograph, or a folder of them
  styles      several pictures, each with the colours of several photographs
  app         a page on which one draws a face and sees it painted
  prepare     make photographs ready:   flowcolor prepare --photos PHOTOS --output READY
  fit         train a model:            flowcolor fit --config portraits --data.train PHOTOS
  validate    a few scores, round trip: flowcolor validate --ckpt_path RUN/checkpoints/best.ckpt
  test        the whole evaluation:     flowcolor test --ckpt_path RUN/checkpoints/best.ckpt
  score       measure results of any method: flowcolor score --results R --truth T --references P
  table       several methods on several data sets: flowcolor table --reports A.json B.json
  study       ask people which method colours best, and count what they say
  compare     methods side by side:  flowcolor compare --methods lut ours --train_minutes 25 ...
  ablate      an ablation of the thesis: flowcolor ablate --table 4.3 --config portraits ...
  scaling     what more photographs help: flowcolor scaling --config portraits ...
  predict     write one PNG per drawing: flowcolor predict --ckpt_path RUN/checkpoints/best.ckpt
  latents     whether a model listens: flowcolor latents --checkpoint C --references R --output F
  marks       colours at points of a photograph, for methods that need some
  methods     list the methods that colour, and what each of them takes and needs
  weights     list the pretrained weights of loss and metrics, or shrink their files
  push        share a model on a hub:   flowcolor push --checkpoint C --repo user/name
  export      write a model for other runtimes: flowcolor export --format onnx --output F

options:
  -h, --help     this text; `flowcolor COMMAND --help` lists the options of a command
  --version      the version of flowcolor
"""


def _call(module: str, words: list[str]) -> None:
    """Import the module of a command, now that it is asked for, and run its ``main``."""
    import_module(module).main(words)


def _train(command: str, words: list[str]) -> None:
    _call("flowcolor.training.lightning_cli", [command, *words])


COMMANDS: dict[str, Callable[[list[str]], None]] = {
    "quickstart": partial(_call, "flowcolor.cli.quickstart"),
    "colorize": partial(_call, "flowcolor.cli.colorize"),
    "styles": partial(_call, "flowcolor.cli.styles"),
    "app": partial(_call, "flowcolor.cli.app"),
    "prepare": partial(_call, "flowcolor.cli.prepare"),
    "fit": partial(_call, "flowcolor.experiments.staged"),
    "validate": partial(_train, "validate"),
    "test": partial(_train, "test"),
    "score": partial(_call, "flowcolor.cli.score"),
    "table": partial(_call, "flowcolor.cli.table"),
    "study": partial(_call, "flowcolor.cli.study"),
    "compare": partial(_call, "flowcolor.cli.compare"),
    "ablate": partial(_call, "flowcolor.cli.ablate"),
    "scaling": partial(_call, "flowcolor.cli.scaling"),
    "predict": partial(_train, "predict"),
    "latents": partial(_call, "flowcolor.cli.latents"),
    "marks": partial(_call, "flowcolor.cli.marks"),
    "methods": partial(_call, "flowcolor.cli.methods"),
    "weights": partial(_call, "flowcolor.cli.weights"),
    "push": partial(_call, "flowcolor.cli.push"),
    "export": partial(_call, "flowcolor.cli.export"),
}

# They start other processes, or read YAML, which enters the current folder.
ENTERING = {"quickstart", "prepare", "fit", "validate", "test", "predict"}
ENTERING |= {"compare", "ablate", "scaling"}


def _choose(command: str) -> Callable[[list[str]], None]:
    from flowcolor.errors import did_you_mean

    if command not in COMMANDS:
        raise InputError(
            f"flowcolor expects one of the commands {', '.join(COMMANDS)}, got {command!r}"
            f"{did_you_mean(command, COMMANDS)}."
        )
    return COMMANDS[command]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return the exit status: 0, 2 for an input that cannot be used, or 130.

    Args:
        arguments: The words after ``flowcolor``; those of the process by default.

    Returns:
        The exit status, for ``sys.exit``. Bugs are not caught: they keep their traceback.
    """
    words = list(sys.argv[1:] if arguments is None else arguments)
    with escaping(), heeding_signals() as ending:
        try:
            if arguments is None:
                let_ctrl_c_through()  # Another command may have started this one.
            _run(words)
        except InputError as error:
            complain(f"flowcolor: {error}")
            return 2
        except (ModuleNotFoundError, FileNotFoundError, ValueError) as error:
            if isinstance(error, ModuleNotFoundError):
                sentence = missing_extra(error, words[0])
            else:
                sentence = unusable(error)
            if sentence is None:
                raise
            complain(f"flowcolor: {sentence}")
            return 2
        except KeyboardInterrupt:
            ending.stop()
            return _interrupted()
        except BrokenPipeError:  # Of what others print. Nobody reads it any more.
            flush()
            return 0
        except Exception as error:
            if ending.interrupted_import:
                return _interrupted()  # The import has made an error of it.
            too_much = out_of_memory(error)
            if too_much is None:
                raise
            complain(f"flowcolor: {too_much}")
            return 2
    return 0


def program() -> int:
    """Run :func:`main` as a process that ends after it."""
    # Python looks for cycles after every 700 new objects, and at its end among all of them. Those
    # of torch stay, and make that a fifth of the time of a picture. Other commands load extensions
    # that complain at the end.
    paints = sys.argv[1:2] in (["colorize"], ["quickstart"])
    if paints:
        gc.set_threshold(50_000)
    # Nothing is shown in windows, and matplotlib cannot even be imported beside a name of a backend
    # that it does not know, as of another version.
    if "MPLBACKEND" in os.environ:
        os.environ["MPLBACKEND"] = "agg"
    try:
        status = main()
    except SystemExit as ended:  # SIGTERM, or --help.
        if not isinstance(ended.code, int):
            raise
        status = ended.code
    if sys.argv[1:2] == ["app"] and any(not thread.daemon for thread in _other_threads()):
        flush()
        # A picture that is being painted cannot be stopped, and Python would wait for it.
        os._exit(status)
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        # A second Ctrl-C would interrupt what libraries do at the end, with a traceback of each.
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    if paints and "triton" not in sys.modules:  # An optimiser has loaded it, and it complains, too.
        gc.freeze()
    return status


def _other_threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread is not threading.main_thread()]


def _interrupted() -> int:
    if speaks_for_all():
        complain("flowcolor: interrupted")
    # Of `python -m`: where Ctrl-C has gone through code that was made of a string, as dataclasses
    # are, Python would remember to kill this process at its end, until it has run another one.
    eval("0")  # noqa: S307
    return 130  # As a shell reports a process that Ctrl-C has ended.


def _run(words: list[str]) -> None:
    """Run one command and hand on all that it has said."""
    if not words or words[0] in {"-h", "--help", "help"}:
        say(USAGE.rstrip("\n"))
    elif words[0] in {"--version", "version"}:
        say(f"flowcolor {__version__}")
    else:
        try:
            refuse_zero_bytes(words)
            command = _choose(words[0])
            require_current_folder(enters=words[0] in ENTERING)
            command(words[1:])
        finally:  # Also when argparse has printed its help and leaves.
            reason = flush()
            if reason and sys.exc_info()[0] in (None, SystemExit, OSError):
                raise InputError(f"Standard output cannot be written: {reason}.")
