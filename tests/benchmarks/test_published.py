"""Published numbers: as they are printed, each with its source, and ours in the right cells."""

import json
import re
from pathlib import Path

import pytest

from benchmarks.published import __main__ as script
from benchmarks.published.hypotheses import verdict
from benchmarks.published.markdown import published_table
from benchmarks.published.numbers import Hypothesis, Table, classes, hypotheses, tables, value
from benchmarks.published.runs import matching, read_run
from flowcolor.errors import InputError
from flowcolor.training.config_files import packaged_configs, packaged_overlays

TABLES = {table.name: table for table in tables()}
ROOT = Path(__file__).parents[2]


def numbers(name, system):
    row = next(row for row in TABLES[name].rows if row.system == system)
    return [value(printed) for printed in row.printed]


def test_published_numbers_are_those_of_the_documents():
    assert numbers("thesis-4.1", "Ours") == [41.8, 0.773, 0.684, 0.807]
    assert numbers("thesis-4.1", "FullGlow") == [59.8, 0.621, 0.742, 0.648]
    assert numbers("thesis-4.2", "FullGlow") == [82.3, 13, 157.7]
    assert numbers("proposal", "ColTran") == [19.37, 36.55]
    assert numbers("proposal", "cGAN") == [24.41, None]
    chromagan = [19.90, 0.926, 25.04, 0.951, 25.30, 0.950, 25.77, 0.955]
    assert numbers("lu-1", "ChromaGAN") == chromagan


@pytest.mark.parametrize("table", TABLES.values(), ids=lambda table: table.name)
def test_a_published_table_names_its_source_and_what_sets_it_apart(table):
    assert re.search(r", 20\d\d$", table.source)
    assert re.search(r"(table|section) \d.*, pages? \d", table.place)
    assert table.apart.startswith("Published: ")
    text = published_table(table, [], [])
    for printed in (table.place, *(number for row in table.rows for number in row.printed)):
        assert printed in text
    for row in table.rows:
        assert all(printed == "-" or value(printed) for printed in row.printed)


def test_names_of_ours_are_those_of_configurations():
    names = [name.removeprefix("models/") for name in packaged_overlays()]
    known = {re.match("[a-z0-9]+", name)[0] for name in [*names, *packaged_configs()]} | {"ours"}
    ours = {name for table in TABLES.values() for row in table.rows for name in row.ours}
    assert ours <= known
    assert {x.system for x in hypotheses()} <= set(classes()) <= ours


def compared(path, content="gray", **scores):
    """Write what a comparison of methods with these scores would have written."""

    def table(block, setting, change):
        rows = [
            {
                "method": label.replace("_", "-"),
                "kind": "trained",
                "costs": {"parameters": 4.4e6, "minutes": 5.0, "steps": 100.0, "seconds": number},
                "scores": {"psnr": {"mean": number + change}, "fid": {"mean": number * 10}},
            }
            for label, number in scores.items()
        ]
        rows.append({"method": "content", "kind": "reading", "costs": {}, "scores": {}})
        return {"block": block, "setting": setting, "pairs": 7, "notes": {"fid": "N"}, "rows": rows}

    written = {
        "content": content,
        "size": 64,
        "budget": {"minutes": 5.0, "steps": None},
        "seeds": [0],
        "methods": {"mine": "/somewhere/cic-small.yaml", "palette-small": "last.ckpt"},
        "tables": [table("hints", "cross", 50), table("automatic", "self", 0)],
    }
    path.write_text(json.dumps(written), "utf-8")
    return path


def test_a_made_up_result_lands_beside_its_system(tmp_path):
    run = read_run(compared(tmp_path / "table.json", mine=31.25, pix2pix_small=12.5))
    lines = published_table(TABLES["lu-1"], [run], []).splitlines()
    heads, row = (
        [cell.strip() for cell in next(x for x in lines if x.startswith(f"| {name} ")).split("|")]
        for name in ("system", "CIC")
    )
    assert dict(zip(heads[10:], row[10:], strict=True)) == {
        "here": "mine, 64x64",
        "PSNR": "31.25",  # Told nothing, not told colours at points.
        "SSIM": "-",
        "params": "4.40 M",
        "s/picture": "31.250",
        "": "",
    }
    assert row[2:4] == ["19.52", "0.905"]
    assert "| Inst | 22.45 |" in "\n".join(lines)
    assert "/somewhere" not in json.dumps(run)


def test_drawings_do_not_stand_beside_grey_photographs(tmp_path):
    run = read_run(compared(tmp_path / "table.json", "drawing", mine=31.25))
    assert "31.25" not in published_table(TABLES["lu-1"], [run], [])
    assert not list(matching(TABLES["lu-1"], ("cic",), [run]))


def test_what_a_hypothesis_says_is_told_by_the_order():
    best = Hypothesis("Diffusion is best", "fid", "palette", first=True)
    slow = Hypothesis("Diffusion is slow", "seconds", "palette", first=False)
    assert verdict(best, ["palette", "pix2pix"]) == "yes" == verdict(slow, ["pix2pix", "palette"])
    assert verdict(best, ["pix2pix", "palette"]) == "no" == verdict(slow, ["palette", "coltran"])


def made(tmp_path, capsys, *words):
    page = tmp_path / "page.md"
    page.write_text(f"# Title\n\n{script.BEGIN}\nold\n{script.END}\n\nThe end.\n", "utf-8")
    script.main([*words, "--page", str(page), "--out", str(tmp_path / "kept.json")])
    return page.read_text("utf-8"), capsys.readouterr().out


def test_the_script_fills_the_page_and_keeps_what_it_has_read(tmp_path, capsys):
    path = compared(tmp_path / "table.json", palette_small=9.5, pix2pix_small=20.5)
    slopes = {"fid": {"errors": [8.0, 4.0], "slope": -0.5, "low": None, "high": None}}
    curve = {"photographs": [9, 36], "seeds": [0], "settings": {"self": slopes}}
    (tmp_path / "slopes.json").write_text(json.dumps(curve), "utf-8")
    given = f"--results {path} --scaling palette={tmp_path / 'slopes.json'}".split()
    page, out = made(tmp_path, capsys, *given)
    assert page.startswith("# Title\n")
    assert page.endswith(f"{script.END}\n\nThe end.\n")
    assert "old" not in page
    assert "by FID | palette-small 95.00, pix2pix-small 205.00 | yes |" in page
    assert "slowest | palette-small 9.500, pix2pix-small 20.500 | no |" in page
    assert "| palette | FID | 9 / 36 | 8 / 4 | -0.500 | - |" in page
    assert "N = 7, 5 minutes of training a network, seed 0, FID: N." in page.replace("\n", " ")
    assert out.strip() in page
    assert made(tmp_path, capsys)[0] == page


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("--results none.json", r"none\.json cannot be read as the table\.json of flowcolor"),
        ("--results {other}", r"other\.json expects the table\.json of flowcolor compare, got"),
        ("--scaling {other}", r"--scaling expects NAME=FILE, as palette=RUN/slopes\.json, got"),
    ],
)
def test_a_wrong_file_is_one_sentence(words, said, tmp_path, capsys):
    other = tmp_path / "other.json"
    other.write_text("{}", "utf-8")
    with pytest.raises(InputError, match=said):
        made(tmp_path, capsys, *words.format(other=other).split())


def test_a_row_with_a_number_too_few_is_refused():
    from benchmarks.published.numbers import _row

    with pytest.raises(ValueError, match="one expects 2 numbers, got A"):
        _row("A | a | 1", {"name": "one", "measures": ["fid", "ssim"]})


def test_the_page_is_what_the_script_makes_of_what_it_keeps():
    part = script.page_part(script.stored(script.RESULTS / "published.json"))
    assert part in (ROOT / "docs" / "published.md").read_text("utf-8")
    assert isinstance(TABLES["lu-1"], Table)
