"""A report as text: a CSV row for each question and method, and Markdown to read."""

import csv
import io
import math
from typing import Any

from flowcolor.evaluation.study.answers import GRADES
from flowcolor.evaluation.study.chart import TITLES
from flowcolor.evaluation.study.html import texts


def as_csv(report: dict[str, Any]) -> str:
    """Return a row for each question and method."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    fool = report["kind"] == "fool"
    counts = ["taken_for_real"] if fool else [f"grade_{grade}" for grade in GRADES]
    shares = [] if fool else [f"share_{grade}" for grade in GRADES]
    writer.writerow(["question", "method", "count", *counts, *shares, "mean", "low", "high"])
    for question, found in report["questions"].items():
        for method, n in found["methods"].items():
            own = [n["taken_for_real"]] if fool else [*n["counts"], *n["shares"]]
            writer.writerow([question, method, n["count"], *own, n["mean"], n["low"], n["high"]])
    return text.getvalue()


def as_markdown(report: dict[str, Any]) -> str:
    """Return the report as people read it."""
    lines = [f"# Study {report['study']}", "", _who(report), ""]
    if report["excluded"]:
        lines += ["| not counted | why |", "| --- | --- |"]
        lines += [f"| {_cell(name)} | {_cell(why)} |" for name, why in report["excluded"].items()]
        lines.append("")
    for question, found in report["questions"].items():
        lines += [f"## {TITLES[question]}", "", *_methods(question, found), ""]
        lines += [*_tests(found), *_worst(found), ""]
    if report["repeated_page"] is not None:
        lines += [f"Repeated page: grades differ by {report['repeated_page']:.2f} in the mean.", ""]
    lines += [f"Not computed: {what}: {why}." for what, why in report["not_computed"].items()]
    return "\n".join(lines).rstrip("\n") + "\n"


def _who(report: dict[str, Any]) -> str:
    return (
        f"{report['participants']} participants count, {report['partial']} of them did not finish; "
        f"{len(report['excluded'])} files do not count, {report['copies']} were copies."
    )


def _methods(question: str, found: dict[str, Any]) -> list[str]:
    if question == "fool":
        head = ["method", "shown", "taken for real", "rate", "95 % interval"]
    else:
        head = ["method", "grades", *texts()["en"]["grades"], "mean", "95 % interval"]
    lines = [f"| {' | '.join(head)} |", f"|{' --- |' * len(head)}"]
    for method, n in found["methods"].items():
        if question == "fool":
            own, value = [str(n["taken_for_real"])], _percent
        else:
            own, value = [_percent(share) for share in n["shares"]], _number
        interval = f"{value(n['low'])} to {value(n['high'])}"
        if math.isnan(n["low"]):
            interval = "-"
        row = [_cell(method), str(n["count"]), *own, value(n["mean"]), interval]
        lines.append(f"| {' | '.join(row)} |")
    if question == "fool":
        lines += ["", "50 %: nobody can tell the results from photographs."]
    return lines


def _tests(found: dict[str, Any]) -> list[str]:
    lines = []
    if found.get("friedman"):
        test = found["friedman"]
        lines.append(
            f"Friedman's test that all methods are liked equally: chi-squared "
            f"{test['statistic']:.2f}, {test['people']} participants, p = {test['p']:.3g}."
        )
    if found.get("wilcoxon"):
        head = ["pair", "difference", "p", "p, corrected (Holm)"]
        lines += ["", f"| {' | '.join(head)} |", "| --- | --- | --- | --- |"]
        lines += [
            f"| {_cell(test['a'])} - {_cell(test['b'])} | {test['difference']:+.2f} "
            f"| {test['p']:.3g} | {test['holm']:.3g} |"
            for test in found["wilcoxon"]
        ]
        lines.append("")
    if not math.isnan(found.get("krippendorff", math.nan)):
        lines.append(f"Agreement, Krippendorff's alpha (ordinal): {found['krippendorff']:.2f}.")
    return [*lines, ""] if lines else []


def _worst(found: dict[str, Any]) -> list[str]:
    lines = []
    for method, n in found["methods"].items():
        worst = ", ".join(f"{_cell(one['pair'])} ({one['mean']:.2f})" for one in n["worst"])
        lines += [f"Worst drawings of {_cell(method)}: {worst}.", ""] if worst else []
    return lines[:-1]


def _number(value: float) -> str:
    return "-" if math.isnan(value) else f"{value:.2f}"


def _percent(value: float) -> str:
    return "-" if math.isnan(value) else f"{100 * value:.0f} %"


def _cell(text: str) -> str:
    """Keep the name of a file or a method from ending its cell."""
    return " ".join(text.replace("|", "\\|").split())
