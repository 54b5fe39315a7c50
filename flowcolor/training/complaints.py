"""One sentence for what the parser complains of, which tells of every type that it has tried."""

import re

_MOST = 80  # Characters of a value.
# What each of several types says of a value of another one; and the head of types within a type.
_VAGUE = (
    "Expected a",
    "Not a valid subclass of",
    "Not of type Path",
    "Import path does not",
    "Does not validate against any of the Union subtypes",
)


def plain(complaint: str) -> str:
    """Return what is wrong with the option that lies deepest, in one line without a full stop.

    Args:
        complaint: Of the parser, with those of its parts, which are plain already.

    Example:
        >>> plain("Validation failed: Expected a <class 'int'>. Got value: x.")
        'Expected an int, got x'
    """
    text = " ".join(complaint.split())
    text = re.sub(r" Subclass types expect one of:.*?\(implicit class_path\)", "", text)
    text = re.sub(r"- Expected a path but .*? either not accessible or invalid - ", "", text)
    text = re.sub(r"^Validation failed: ", "", text)
    text = re.sub(r"<class '([^']+)'>", r"\1", text).replace("Expected a int", "Expected an int")
    key = re.match(r'Parser key "([^"]+)": ', text)
    name, reason = (key[1], text[key.end() :]) if key else ("", text)
    union = re.match(
        r"Does not validate against any of the Union subtypes Subtypes: \[(.*?)\] Errors: - (.*) "
        r"Given value type: .*? Given value: (.*)$",
        reason,
    )
    if union:
        reason = _of_union(union[1], union[2].split(" - "), union[3])
    deeper = re.match(r"Option '([\w.]+)': (.*)$", reason)
    missing = re.match(r"the following arguments are required: (\w+)", reason)
    if deeper:
        name, reason = f"{name}.{deeper[1]}", deeper[2]
    elif missing and name:
        name, reason = f"{name}.{missing[1]}", "Expected a value, got none"
    reason = _reworded(reason).rstrip(".")
    return f"Option '{name.strip('.')}': {reason}" if name else reason


def _of_union(kinds: str, complaints: list[str], value: str) -> str:
    """Return the complaint of one kind that says most; if none says much, name all kinds."""
    for complaint in sorted(complaints, key=_rank):
        if not complaint.startswith(_VAGUE):
            return complaint
    *more, last = [_kind(kind) for kind in _parts(kinds)]
    expected = f"{', '.join(more)} or {last}" if more else last
    return f"Expected {expected}, got {_short(value)}"


def _rank(complaint: str) -> int:
    """Return 0 for what is said of an option, and 2 for what is said of a class of another kind."""
    return 0 if complaint.startswith("Option '") else 1 + complaint.startswith("Import path")


def _parts(kinds: str) -> list[str]:
    """Return what stands between commas that lie in no brackets."""
    parts, depth = [""], 0
    for letter in kinds:
        depth += (letter == "[") - (letter == "]")
        if letter == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += letter
    return parts


def _kind(words: str) -> str:
    words = re.sub(r"(?:\w+\.)+(\w+)", r"\1", words.strip())
    words = re.sub(r"^Callable\[.*", "Callable", words)
    words = re.sub(r"^Literal\[(.*)\]$", r"one of \1", words)
    return {"NoneType": "null"}.get(words, words)


def _reworded(text: str) -> str:
    reason = re.sub(r"^Type typing\.Callable.*? expects a function or a callable class: ", "", text)
    reason = re.sub(r"\.*\. Got value: Namespace\(.*", "", reason)  # It is named already.
    reason = re.sub(r"Expected a typing\.Literal\[(.*?)\]", r"Expected one of \1", reason)
    reason = re.sub(r"Expected a dot import path string: (.*)", r"Expected a class, got \1", reason)
    before, got, value = reason.partition(". Got value: ")
    before = before.removesuffix(f", but got {value}")
    return f"{before}, got {_short(value)}" if got else reason


def _short(value: str) -> str:
    return value if len(value) <= _MOST else f"{value[:_MOST]} ..."
