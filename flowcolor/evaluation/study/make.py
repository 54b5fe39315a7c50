"""Make a study: what participants see, what a survey site needs, and the key."""

from dataclasses import dataclass
from pathlib import Path

from flowcolor.errors import InputError
from flowcolor.evaluation.study.drafts import draft_pages
from flowcolor.evaluation.study.html import page_file, study_page
from flowcolor.evaluation.study.key import Key, Kind, write_key
from flowcolor.evaluation.study.layout import Layout, lay_out
from flowcolor.evaluation.study.sources import choose, find_sources
from flowcolor.evaluation.study.survey import survey_files
from flowcolor.io.alone import is_unused
from flowcolor.io.apart import require_apart
from flowcolor.io.files import exists, is_dir
from flowcolor.io.places import as_path, require_folder
from flowcolor.io.whole_folder import whole_folder


@dataclass(frozen=True)
class StudyOptions:
    """What a study is made of.

    Args:
        methods: A folder of results for each method.
        given: Folders of ``sketch``, ``reference``, ``truth``, as far as there are; the first
            decides which drawings there are.
        kind: ``"grade"`` or ``"fool"``.
        pairs: How many drawings count.
        seed: Chooses them, and the letters.
        size: Side of all pictures in pixels.
        minimum_seconds: Who needs less for a page, in the median, will not be counted.
        layout: For ``"fool"``: two pictures ``"beside"`` each other or one ``"after"`` the other.
        seconds: For ``"fool"``: how long a picture is shown; 0 leaves it until it is answered.
        content: What was coloured, ``"drawing"`` or ``"gray"``; participants are told so.
    """

    methods: dict[str, Path]
    given: dict[str, Path]
    kind: Kind = "grade"
    pairs: int = 30
    seed: int = 0
    size: int = 256
    minimum_seconds: float = 3.0
    layout: str = "beside"
    seconds: float = 0.0
    content: str = "drawing"


def make_study(options: StudyOptions, output: Path | str) -> Key:
    """Write a study into a new folder, whole or not at all.

    Raises:
        InputError: The folder holds something, lies among the pictures or cannot be written, or
            some of these are missing or broken.
    """
    output = as_path(make_study, output)
    if exists(output) and not (is_dir(output) and is_unused(output)):
        raise InputError(f"--output expects a new or empty folder, got {output}.")
    require_folder(output)
    require_apart(output, [*options.methods.values(), *options.given.values()], "--output")
    sources = find_sources(options.methods, options.given)
    names, spare = choose(sources.names, options.pairs, options.seed)
    drafts = draft_pages(sources, names, spare, options.kind, options.size)
    settings = {"size": options.size, "layout": options.layout, "seconds": options.seconds}
    if options.content != "drawing":  # Studies of drawings keep their numbers.
        settings["content"] = options.content
    layout = lay_out(
        drafts, options.kind, list(options.methods), options.seed, options.minimum_seconds, settings
    )
    files = {f"participants/pictures/{name}": png for name, png in layout.pictures.items()}
    files |= {f"survey/{name}": content for name, content in survey_files(layout).items()}
    files["participants/study.html"] = study_page(layout.public).encode()
    files["README.md"] = _guide(layout).encode()
    with whole_folder(output) as work:
        for name, content in files.items():
            (work / name).parent.mkdir(parents=True, exist_ok=True)
            (work / name).write_bytes(content)
        write_key(layout.key, work / "key.json")
    return layout.key


def _guide(layout: Layout) -> str:
    pages = layout.key.pages
    controls = any(page.role == "control" and page.truth for page in pages)
    values = {
        "@PAGES@": len(pages),
        "@COUNTED@": sum(page.role == "pair" for page in pages),
        "@TRUTH@": " and the true photograph" if controls else "",
        "@STUDY@": layout.key.study,
        "@MINUTES@": -(-len(pages) // 3),  # As the page itself says.
    }
    text = page_file("guide.md")
    for mark, value in values.items():
        text = text.replace(mark, str(value))
    return text
