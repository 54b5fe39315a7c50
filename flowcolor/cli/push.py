"""``flowcolor push``: share a model on a hub, with a card that says what is known of it."""

import tempfile
from collections.abc import Sequence
from pathlib import Path

from flowcolor.cli.options import OptionParser, model_source
from flowcolor.console import say, shown
from flowcolor.errors import InputError
from flowcolor.io.places import require_folder


def main(words: Sequence[str]) -> None:
    """Run ``flowcolor push`` with these words."""
    options = _parser().read(words)

    from flowcolor.deploy.card import CardFacts, model_card, scored
    from flowcolor.deploy.folder import PARTS, require_earlier, write_folder
    from flowcolor.deploy.hub import hub_name, push
    from flowcolor.deploy.sources import find_weights
    from flowcolor.io.same_file import protect

    if options.folder is not None:
        for option, given in (("--private", options.private), ("--endpoint", options.endpoint)):
            if given:
                raise InputError(
                    f"{option} expects a model that is sent, got it beside --folder, which sends "
                    "nothing."
                )
        require_folder(options.folder, "--folder")
    name = hub_name(options.repo)
    if name.revision is not None and options.private:
        raise InputError("--private is of a whole repository, got it beside a revision.")
    weights = find_weights(options.checkpoint)
    if options.folder is not None:
        for part in PARTS:
            protect(options.folder / part, [weights.path, options.scores], "--folder")
        require_earlier(options.folder, "--folder")
    facts = CardFacts(options.license, options.data, options.limits, options.scores)
    card = model_card(weights, weights.build(), name.repo, facts)
    if options.scores is not None and (source := scored(options.scores)) is not None:
        say(f"the scores on the card are of {shown(source)}")
    if options.folder is not None:
        files = write_folder(weights, options.folder, card)
        say("\n".join(f"wrote {shown(path)}" for path in files) + "\nnothing was sent (--folder)")
        return
    with tempfile.TemporaryDirectory() as place:
        files = write_folder(weights, Path(place), card)
        url = push(files, options.repo, private=options.private, endpoint=options.endpoint)
    say(f'pushed to {url}\nload it with flowcolor.load("{name}")')


def _parser() -> OptionParser:
    parser = OptionParser(
        prog="flowcolor push",
        description="Share a model on a hub: config.json, model.safetensors and README.md, a model "
        "card. What no option tells is called not given on the card. The token is the one of "
        "`hf auth login` or HF_TOKEN.",
    )
    add = parser.add_argument
    add(
        "--checkpoint",
        type=model_source,
        required=True,
        help="a .ckpt or .safetensors file, or faces",
    )
    add(
        "--repo", required=True, metavar="USER/NAME", help="the repository; made if it is not there"
    )
    add("--private", action="store_true", help="hide a new repository from others")
    add("--folder", type=Path, help="write the files into this folder and send nothing")
    add("--license", metavar="ID", help="licence of the weights as the hub writes it, such as mit")
    add(
        "--data",
        nargs="+",
        default=[],
        metavar="TEXT",
        help="what it was trained on, a text for each set: name, origin, licence",
    )
    add("--limits", nargs="+", default=[], metavar="TEXT", help="further limits, a sentence each")
    add("--scores", type=Path, help="the test.json of flowcolor test, or score.json")
    add("--endpoint", metavar="URL", help="another hub, which is sent the token")
    return parser
