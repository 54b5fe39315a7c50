"""Every option of a command that paints has a picture in the gallery, or a reason for none."""

import argparse
import re
from fnmatch import fnmatch
from functools import cache
from pathlib import Path

import jsonargparse
import pytest

from docs.gallery import unseen
from flowcolor.cli.main import COMMANDS

GALLERY = Path(__file__).parents[2] / "docs" / "gallery.md"
STUDY = ("study make", "study import", "study report")
NAMES = [*(name for name in COMMANDS if name != "study"), *STUDY]
TRAINING = ("fit", "validate", "test", "predict")


class FoundParserError(Exception):
    """Carries the parser of a command out of it, before it does anything."""


def stop(parser, *_, **__):
    raise FoundParserError(parser)


@cache
def options_of(command):
    """Return how every option of a command may be written, one tuple for each option."""
    name, *words = command.split()
    words += ["--config", "quickstart"] if name in TRAINING else []
    words += ["--config", "portraits"] if name in ("ablate", "scaling") else []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(argparse.ArgumentParser, "parse_known_args", stop)
        patch.setattr(jsonargparse.ArgumentParser, "parse_args", stop)
        with pytest.raises(FoundParserError) as found:
            COMMANDS[name](words)
    (parser,) = found.value.args
    if name in TRAINING:
        parser = parser._subcommands_action._name_parser_map[name]
    return [tuple(each.option_strings) for each in parser._actions if each.option_strings]


def captions(text):
    """Return the words in code of all captions by command, and of the commands of a section."""
    found = {}
    for section in re.split(r"^## ", text, flags=re.MULTILINE)[1:]:
        head, _, body = section.partition("\n")
        shown = re.findall(r"^!\[(.*)\]\(", body, re.MULTILINE)
        words = [word for caption in shown for word in re.findall(r"`([^`]*)`", caption)]
        for command in re.split(r", | and ", head.strip()):
            found[command] = {part.split("=")[0] for word in words for part in word.split()}
    return found


def without_picture(command, options, shown):
    """Return the options that no caption names, and that have no reason not to be named."""
    reasons = unseen.EVERYWHERE | unseen.UNSEEN.get(command, {})
    return [
        spellings[-1]
        for spellings in options
        if not shown.intersection(spellings)
        and not any(fnmatch(word, known) for word in spellings for known in reasons)
    ]


@pytest.mark.parametrize("command", NAMES)
def test_every_option_has_a_picture_or_a_reason_for_none(command):
    if command in unseen.SILENT:
        assert command not in unseen.UNSEEN
        return
    shown = captions(GALLERY.read_text("utf-8"))
    assert command in shown, "has no section in docs/gallery.md"
    options = options_of(command)
    assert len(options) > 1
    missing = without_picture(command, options, shown[command])
    assert missing == [], "in no caption of docs/gallery.md, and not in docs/gallery/unseen.py"


@pytest.mark.parametrize("command", unseen.UNSEEN)
def test_a_reason_is_given_for_options_that_there_are(command):
    words = [word for spellings in options_of(command) for word in spellings]
    reasons = unseen.UNSEEN[command]
    assert [known for known in reasons if not any(fnmatch(word, known) for word in words)] == []


def test_an_option_is_shown_where_a_caption_of_its_own_command_names_it():
    text = "## marks\n`--seed`\n![by `--at edges`, `--no-x`](a)\n## styles and app\n![`--a=2`](b)\n"
    shown = captions(text)
    assert shown == {"marks": {"--at", "edges", "--no-x"}, "styles": {"--a"}, "app": {"--a"}}
    options = [("--at",), ("--x", "--no-x"), ("-s", "--seed"), ("--output",), ("-h", "--help")]
    assert without_picture("marks", options, shown["marks"]) == ["--seed"]
