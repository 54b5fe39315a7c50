"""``flowcolor study``: make a study, bring in answers of a survey site, report."""

from collections.abc import Callable, Sequence

from flowcolor.bounds import within
from flowcolor.cli.study_options import import_parser, make_parser, report_parser
from flowcolor.console import say, shown
from flowcolor.errors import InputError, did_you_mean
from flowcolor.io.places import require_folder

USAGE = """usage: flowcolor study make|import|report [options]

Ask people which method colours best.

commands:
  make    write a page that asks, its pictures, and the key that says which method is which
  import  turn the export of a survey site into files of answers
  report  count the answers: grades, intervals, tests, agreement, worst drawings

options of one of them: flowcolor study make --help"""


def main(words: Sequence[str]) -> None:
    """Run ``flowcolor study`` with these words."""
    commands: dict[str, Callable[[Sequence[str]], None]] = {
        "make": _make,
        "import": _import,
        "report": _report,
    }
    if not words or words[0] in {"-h", "--help"}:
        say(USAGE)
    elif words[0] in commands:
        commands[words[0]](words[1:])
    else:
        hint = did_you_mean(words[0], commands)
        raise InputError(
            f"flowcolor study expects one of {', '.join(commands)}, got {words[0]!r}{hint}."
        )


def _make(words: Sequence[str]) -> None:
    parser = make_parser()
    options = parser.read(words)
    within("--pairs", options.pairs, 2 if options.kind == "grade" else 1, 500)
    within("--size", options.size, 16, 2048)
    within("--seed", options.seed, 0)
    within("--minimum_seconds", options.minimum_seconds, 0)
    within("--seconds", options.seconds, 0, 60)
    other, idle = {
        "grade": ("fool", ("layout", "seconds")),
        "fool": ("grade", ("sketches", "references")),
    }[options.kind]
    parser.refuse_given(options, idle, f"--kind {other}")
    if options.layout == "after" and options.seconds == 0:
        raise InputError("--layout after expects --seconds above 0, got 0.")
    given = {"sketch": options.sketches, "reference": options.references, "truth": options.truth}
    needed = {"grade": ("sketch", "reference"), "fool": ("truth",)}[options.kind]
    names = {"sketch": "--sketches", "reference": "--references", "truth": "--truth"}
    for kind in needed:
        if given[kind] is None:
            raise InputError(f"--kind {options.kind} expects {names[kind]} FOLDER, got none.")

    from flowcolor.evaluation.study.make import StudyOptions, make_study
    from flowcolor.evaluation.study.sources import parse_methods

    folders = {kind: folder for kind, folder in given.items() if folder is not None}
    study = StudyOptions(
        parse_methods(options.methods),
        folders,
        options.kind,
        options.pairs,
        options.seed,
        options.size,
        options.minimum_seconds,
        options.layout,
        options.seconds,
        options.content,
    )
    key = make_study(study, options.output)
    say(
        f"wrote {len(key.pages)} pages of study {key.study}; "
        f"{shown(options.output / 'README.md')} says how to go on\n"
        f"give out: {shown(options.output / 'participants')}\n"
        f"keep to yourself: {shown(options.output / 'key.json')}"
    )


def _import(words: Sequence[str]) -> None:
    options = import_parser().read(words)
    require_folder(options.output)

    from flowcolor.evaluation.study.key import read_key
    from flowcolor.evaluation.study.survey_import import import_survey

    paths = import_survey(options.export, read_key(options.key), options.output)
    files = "1 file" if len(paths) == 1 else f"{len(paths)} files"
    say(f"wrote {files} of answers into {shown(options.output)}")


def _report(words: Sequence[str]) -> None:
    options = report_parser().read(words)
    require_folder(options.output)
    within("--resamples", options.resamples, 100, 1_000_000)

    from flowcolor.evaluation.study.report import report_study

    say(report_study(options.answers, options.key, options.output, options.resamples))
