"""Fail if a built site asks another server for anything: ``python check_site.py HTML``."""

import re
import sys
from pathlib import Path

# What a browser fetches by itself; links that a reader follows may lead anywhere.
FETCHED = re.compile(
    r"""<(?:script|img|iframe|source|video|audio|embed)\b[^>]*\bsrc=["']?((?:https?:)?//[^"'\s>]+)
    | <link\b(?![^>]*\brel=["']?(?:canonical|license))[^>]*\bhref=["']?((?:https?:)?//[^"'\s>]+)
    | url\(\s*["']?((?:https?:)?//[^"')]+)
    | @import\s+["']((?:https?:)?//[^"']+)""",
    re.VERBOSE | re.IGNORECASE,
)


def outside(text: str) -> list[str]:
    """Return the addresses on other servers that a page or a style sheet fetches."""
    return [next(filter(None, found)) for found in FETCHED.findall(text)]


def main() -> None:
    files = [path for end in ("html", "css") for path in Path(sys.argv[1]).rglob(f"*.{end}")]
    asked = {path: outside(path.read_text("utf-8")) for path in files}
    lines = [f"{path} fetches {', '.join(urls)}" for path, urls in asked.items() if urls]
    if not any(path.suffix == ".html" for path in files):
        sys.exit(f"There are no pages in {sys.argv[1]}.")
    if lines:
        sys.exit("\n".join(lines))
    print(f"{len(files)} pages and style sheets fetch nothing from elsewhere.")


if __name__ == "__main__":
    main()
