"""``flowcolor ablate``: honest variants, each run once, laid beside the thesis."""

import json
import math
import shutil
from dataclasses import replace

import pytest
import torch
import yaml

from flowcolor.errors import InputError
from flowcolor.evaluation.report import Report
from flowcolor.evaluation.report_files import read_report, write_report
from flowcolor.evaluation.scores import PairScore
from flowcolor.experiments import runs
from flowcolor.experiments.report import Results
from flowcolor.experiments.runs import Ablation, check
from flowcolor.experiments.show import ablation_table, write_ablation
from flowcolor.experiments.tables import TABLES
from flowcolor.training.config_files import CONFIGS, find_config, packaged_overlays
from flowcolor.training.lightning_cli import TrainingCLI
from flowcolor.training.quiet import quiet
from tests.training.helpers import flowcolor


def built(base, table, name, folder):
    overlay = f"ablations/{table}/{name}"
    words = ["fit", "--config", base, "--config", overlay]
    with quiet(), torch.device("meta"):  # The largest has 310 M parameters.
        cli = TrainingCLI([*words, "--trainer.default_root_dir", str(folder)], run=False)
    return cli.model.colorizer.config, cli.model.objective.loss.weights


def test_every_variant_has_a_configuration_and_every_configuration_a_variant():
    named = {f"ablations/{t.number}/{v.name}" for t in TABLES.values() for v in t.variants}
    overlays = {name for name in packaged_overlays() if name.startswith("ablations/")}
    assert overlays == named
    for name in named:
        text = find_config(name).read_text()
        assert f"--config portraits --config {name} " in text
        assert find_config(name) == CONFIGS / f"{name}.yaml"


@pytest.mark.parametrize("variant", ["fam", "concat"])
def test_every_way_to_join_a_condition_can_stand_beside_the_letter_of_the_thesis(variant, tmp_path):
    letter = tmp_path / "letter.yaml"
    own = {"class_path": "flowcolor.models.SketchColorFlow", "init_args": {"attention_scale": 1.0}}
    letter.write_text(yaml.safe_dump({"model": {"colorizer": own}}))
    more = ("--config", letter, "--config", f"ablations/4.3/{variant}")
    with quiet():
        words = ("fit", "--config", "portraits", *more, "--trainer.default_root_dir", tmp_path)
        config = TrainingCLI([str(word) for word in words], run=False).model.colorizer.config
    assert config["attention_scale"] == (1.0 if variant == "fam" else None)


@pytest.mark.parametrize("base", ["thesis", "portraits"])
def test_a_variant_differs_from_its_base_in_what_the_table_is_about(base, tmp_path):
    config, loss = built(base, "4.3", "fam", tmp_path)
    for name in ("fam", "concat", "adain", "none"):
        assert built(base, "4.3", name, tmp_path) == (config | {"aggregation": name}, loss)
    for down in (2, 3, 4):
        for blocks in (1, 8):
            changed = config | {"downsamplings": down, "nccbs": blocks}
            assert built(base, "4.5", f"nccb_{down}_{blocks}", tmp_path) == (changed, loss)
    for name, l1, perceptual in (
        ("full", 10.0, 1.0),
        ("without_l1", 0.0, 1.0),
        ("without_perceptual", 10.0, 0.0),
    ):
        weights = {"l1": l1, "perceptual": perceptual, "ssim": 0.0}
        assert built(base, "4.6", name, tmp_path) == (config, weights)


def test_the_thesis_s_own_model_is_its_baseline(tmp_path):
    words = ["fit", "--config", "thesis", "--trainer.default_root_dir", str(tmp_path)]
    with quiet():
        cli = TrainingCLI(words, run=False)
    for table in TABLES.values():
        config, loss = built("thesis", table.number, table.baseline, tmp_path)
        assert (config, loss) == (cli.model.colorizer.config, cli.model.objective.loss.weights)
        own = next(variant for variant in table.variants if variant.name == table.baseline)
        assert own.thesis == {"FID": 41.8, "SSIM": 0.773, "SR": 0.684, "CR": 0.807}


def ablation(run, folder, *words, seeds=(0,), table=TABLES["4.3"]):
    return Ablation(table, ("--config", str(run.config), *words), seeds, folder)


def one_row(number):
    """Return a table of one variant: all of them are built before their folder is looked at."""
    return replace(TABLES[number], variants=TABLES[number].variants[:1])


class Recorder:
    """Stands for the commands; leaves behind what they would, unless it is told to fail."""

    def __init__(self, fail_at=None):
        self.calls, self.fail_at = [], fail_at

    def __call__(self, words):
        self.calls.append(list(words))
        with quiet():
            options = [word for word in words[1:] if not word.startswith("--ckpt_path")]
            parsed = TrainingCLI(["fit", *options], run=False)
        folder = parsed.folder.parent
        if len(self.calls) == self.fail_at:
            (folder / "version_0/checkpoints").mkdir(parents=True, exist_ok=True)
            (folder / "version_0/checkpoints/last.ckpt").touch()
            raise InputError("interrupted")
        if words[0] == "fit":
            (folder / "version_0").mkdir(parents=True, exist_ok=True)
            (folder / "version_0/model.safetensors").touch()
        else:
            (folder / "test.json").touch()


def finish(everything, call):
    for each in everything:
        each.finish(call)


def test_every_run_is_made_once_and_goes_on_where_it_stopped(run, tmp_path):
    everything = ablation(run, tmp_path / "out", seeds=(3, 5))
    first = Recorder(fail_at=3)
    with pytest.raises(InputError, match="interrupted"):
        finish(everything, first)
    assert [words[0] for words in first.calls] == ["fit", "test", "fit"]
    second = Recorder()
    finish(everything, second)
    assert [words[0] for words in second.calls] == ["fit", "test"] * 7
    assert "--ckpt_path=last" in second.calls[0]
    assert not any(word == "--ckpt_path=last" for words in second.calls[1:] for word in words)
    folder = tmp_path / "out/concat/seed_3"
    last = folder / "version_0/checkpoints/last.ckpt"
    assert f"--ckpt_path={last}" in second.calls[1]
    assert all("--seed_everything=5" in words for words in second.calls[6:])
    third = Recorder()
    finish(everything, third)
    assert third.calls == []


def test_training_and_test_get_the_options_that_are_for_them(run, tmp_path):
    words = ("--trainer.limit_test_batches=1", "--data.repeat=2")
    call = Recorder()
    finish(ablation(run, tmp_path / "out", *words, table=one_row("4.3")), call)
    given = [[word in called for word in words] for called in call.calls]
    assert given == [[False, True], [True, False]]


def test_an_option_does_not_overrule_the_variant(run, tmp_path):
    words = (
        "--model.colorizer.init_args.aggregation",
        "fam",
        "--model.colorizer.init_args.ccbs",
        "1",
    )
    for each in ablation(run, tmp_path, *words):
        with quiet():
            root = ["--trainer.default_root_dir", str(tmp_path / "x")]
            cli = TrainingCLI(["fit", *each.words, *root], run=False)
        assert cli.model.colorizer.config["aggregation"] == each.variant.name
        assert cli.model.colorizer.config["ccbs"] == 1


def test_a_folder_belongs_to_one_table_with_one_set_of_options(run, tmp_path):
    folder, table = tmp_path / "out", one_row("4.3")
    check(ablation(run, folder, table=table))
    check(ablation(run, folder, seeds=(0, 1), table=table))
    with pytest.raises(InputError, match=r"holds runs with another options .*--data\.seed=1"):
        check(ablation(run, folder, "--data.seed=1", table=table))
    with pytest.raises(InputError, match="holds runs with another table"):
        check(ablation(run, folder, table=one_row("4.5")))
    changed = tmp_path / "tiny.yaml"
    changed.write_text(run.config.read_text())
    other = Ablation(table, ("--config", str(changed)), (0,), tmp_path / "new")
    check(other)
    moved = changed.rename(tmp_path / "moved.yaml")
    check(Ablation(table, (f"--config={moved}",), (0,), tmp_path / "new"))
    changed.write_text(run.config.read_text().replace('"batch_size": 2', '"batch_size": 3'))
    with pytest.raises(InputError, match="holds runs with another configurations"):
        check(other)
    with pytest.raises(InputError, match="expects a new folder or one of this table"):
        check(ablation(run, run.folder, table=table))


def test_a_folder_belongs_to_one_set_of_photographs(run, tmp_path):
    photos, folder, table = tmp_path / "photos", tmp_path / "out", one_row("4.3")
    shutil.copytree(run.photos, photos)
    check(ablation(run, folder, f"--data.train={photos}", table=table))
    check(ablation(run, folder, f"--data.train={photos}", table=table))
    first, second, *_ = sorted(photos.iterdir())
    first.write_bytes(second.read_bytes())
    with pytest.raises(InputError, match=r"holds runs with another set of photographs \(\d+ with"):
        check(ablation(run, folder, f"--data.train={photos}", table=table))


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff"])
def test_a_damaged_record_is_one_sentence(run, tmp_path, content):
    (tmp_path / "ablation.json").write_bytes(content)
    with pytest.raises(InputError, match=r"ablation\.json (cannot be read|expects the record)"):
        check(ablation(run, tmp_path, table=one_row("4.3")))
    assert (tmp_path / "ablation.json").read_bytes() == content


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--table", "4.3"), "expects --config NAME_OR_FILE"),
        (("--table", "4.4", "--config", "portraits"), "one of 4.3, 4.5, 4.6, got '4.4'."),
        (("--table", "4.3", "--config", "portraits", "--seeds", "0,0"), "different numbers"),
        (("--table", "4.3", "--config", "portraits", "--seeds", "a"), "as in 0,1,2, got 'a'."),
        (("--table", "4.3", "--config", "portraits", "--data.sise", "9"), "mean 'data.size'."),
        (("--table", "4.3", "--config", "portraits", "--ckpt_path=x"), "decides --ckpt_path"),
        (("--table=4.3", "--config=quickstart", "--last.filename=end"), "decides --last.filename"),
        (("--table=4.3", "--config=quickstart", "--last.dirpath", "end"), "decides --last.dirpath"),
        (
            ("--table=4.3", "--config=quickstart", "--trainer.fast_dev_run=1"),
            "flowcolor ablate decides --trainer.fast_dev_run itself, it cannot be given.",
        ),
        (
            ("--table=4.3", "--config=portraits", "--model.colorizer.aggregation=concat"),
            "ablate decides --model.colorizer.aggregation itself",
        ),
        (
            ("--table=4.5", "--config=portraits", "--model.colorizer.init_args.nccbs", "2"),
            "ablate decides --model.colorizer.init_args.nccbs itself",
        ),
        (
            ("--table=4.3", "--config=portraits", "--data.predict.photos=faces"),
            "flowcolor ablate expects no --data.predict, which has no effect",
        ),
        (("--config", "portraits"), "required: --table"),
    ],
)
def test_a_wrong_option_is_one_sentence_before_anything_is_trained(
    words, message, tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(runs.Run, "finish", lambda *_: pytest.fail("trained"))
    assert flowcolor("ablate", *words) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1
    assert not list(tmp_path.rglob("*.json"))


def test_two_ablations_at_one_moment_do_not_share_a_folder(run, tmp_path, monkeypatch, capsys):
    words = ("ablate", "--table", "4.3", "--config", run.config, "--output", tmp_path / "out")
    meanwhile = []

    def call(_):
        if not meanwhile:
            meanwhile.append(None)
            meanwhile.append(flowcolor(*words))
        raise KeyboardInterrupt

    monkeypatch.setattr(runs, "call_in_process_of_its_own", call)
    assert flowcolor(*words) == 130
    assert meanwhile == [None, 2]
    assert "Another `flowcolor ablate` is writing to" in capsys.readouterr().err


def test_an_ablation_that_cannot_begin_leaves_its_folder_to_others(run, tmp_path, monkeypatch):
    def fail(_):
        raise InputError("No such photographs.")

    monkeypatch.setattr(runs, "call_in_process_of_its_own", fail)
    words = ("ablate", "--table", "4.3", "--config", run.config, "--output", tmp_path)
    assert flowcolor(*words) == 2
    assert not list(tmp_path.iterdir())


def test_a_command_that_fails_is_named_with_its_status():
    with pytest.raises(InputError, match=r"flowcolor fit ended with status 2, see above"):
        runs.call_in_process_of_its_own(["fit", "--config", "nothing"])


def report(ssim, lines=0.5):
    pairs = []
    for setting in ("self", "cross"):
        for i, value in enumerate(ssim):
            scores = {"ssim": value, "lines": lines, "lines_control": 0.1, "colors": 1.0}
            sums = {"truth": str(i)}
            colors = [float(i)] * 3, [float(i)] * 3
            pairs.append(PairScore(setting, i, f"p{i}", "", sums, scores, *colors))
    return Report(pairs, about={"parameters": 1_500_000})


@pytest.fixture
def results(run, tmp_path):
    """SSIM of none 0.2, concat 0.3, AdaIN 0.4, FAM 0.5, with two seeds a little apart."""
    everything = ablation(run, tmp_path, seeds=(0, 1))
    level = {"none": 0.2, "concat": 0.3, "adain": 0.4, "fam": 0.5}
    for each in everything:
        base = level[each.variant.name] + 0.02 * each.seed
        write_report(report([base - 0.1, base, base + 0.1]), each.result.parent, "test")
    return Results(everything)


def test_numbers_are_means_over_seeds_beside_those_of_the_thesis(results, tmp_path):
    text = ablation_table(results)
    assert "Table 4.3" in text
    assert "N = 3" in text
    assert "means over 2 seeds" in text
    row = next(row for row in text.splitlines() if row.startswith("  AdaIN"))
    numbers = row.replace("|", "").split()
    assert numbers[1:5] == ["39.1", "0.699", "0.705", "0.752"]
    assert numbers[5:9] == ["1.50", "M", "0.4100", "0.5000"]
    json_path, csv_path = write_ablation(results, tmp_path / "out")
    content = json.loads(json_path.read_text())
    ours = content["variants"][2]["ours"]["self"]["ssim"]
    assert ours["mean"] == pytest.approx(0.41)
    assert ours["seeds"] == pytest.approx([0.4, 0.42])
    assert csv_path.read_text().startswith("variant,setting,parameters,thesis_fid,thesis_ssim")
    assert csv_path.read_text().count("\n") == 1 + 2 * 4


def test_the_order_is_compared_pair_by_pair(results):
    (order,) = results.orders("cross")
    assert order.score == "SSIM"
    assert order.thesis == ["FAM", "without FAM", "AdaIN", "concatenation"]
    assert order.ours == ["FAM", "AdaIN", "concatenation", "without FAM"]
    assert (order.agreeing, order.pairs) == (4, 6)


@pytest.mark.parametrize("broken", ["none", "concat", "adain", "fam"])
def test_a_variant_with_broken_results_is_the_last_of_the_order(results, run, tmp_path, broken):
    for each in ablation(run, tmp_path):
        if each.variant.name == broken:
            write_report(report([0.5, math.nan, 0.5]), each.result.parent, "test")
            label = each.variant.label
    (order,) = Results(results.ablation).orders("cross")
    whole = ["FAM", "AdaIN", "concatenation", "without FAM"]
    assert order.ours == [name for name in whole if name != label] + [label]


def test_a_score_that_no_variant_has_puts_them_in_no_order(results, run, tmp_path):
    for each in results.ablation:
        read = read_report(each.result)
        sets = {"cross": {"fid": math.nan}}
        write_report(replace(read, sets=sets), each.result.parent, "test")
    assert [order.score for order in Results(results.ablation).orders("cross")] == ["SSIM"]


def test_each_variant_is_compared_with_the_baseline_image_by_image(results):
    for variant in results.variants:
        d = results.against_baseline(variant, "cross", "ssim")
        assert d.pairs == 3
        expected = {"none": -0.3, "concat": -0.2, "adain": -0.1, "fam": 0.0}[variant.name]
        assert (d.low, d.difference, d.high) == pytest.approx((expected,) * 3)


def test_variants_that_were_tested_on_other_images_are_not_compared(results, run, tmp_path):
    (fam,) = (r for r in ablation(run, tmp_path) if r.variant.name == "fam")
    read = read_report(fam.result)
    other = [replace(pair, checksums={"truth": "other"}) for pair in read.scores]
    write_report(Report(other, about=read.about), fam.result.parent, "test")
    named = r"fam.seed_0.test.test\.json does not go with .*none.seed_0.test.test\.json: .* photo"
    with pytest.raises(InputError, match=named):
        Results(results.ablation)
    write_report(Report([]), fam.result.parent, "test")
    with pytest.raises(
        InputError, match=r"fam.seed_0.test.test\.json expects scores of pairs, got"
    ):
        Results(results.ablation)


def test_the_command_runs_all_and_prints_the_table(run, tmp_path, monkeypatch, capsys):
    """In this process and with one epoch, so that it takes seconds."""
    from flowcolor.cli.main import main

    monkeypatch.setattr(
        runs, "call_in_process_of_its_own", lambda words: main(list(words)) and pytest.fail("call")
    )
    words = ("--table", "4.3", "--config", run.config, "--trainer.max_epochs", 1)
    assert flowcolor("ablate", *words, "--output", tmp_path / "out") == 0
    printed = capsys.readouterr().out
    assert "4 of 4: FAM, seed 0" in printed
    assert "of 6 pairs of variants are in the same order" in printed
    content = json.loads((tmp_path / "out/table.json").read_text())
    means = [v["ours"]["self"]["ssim"]["mean"] for v in content["variants"]]
    assert len(set(means)) == 4
    assert len({v["parameters"] for v in content["variants"]}) > 1
    configs = sorted((tmp_path / "out").glob("*/seed_0/version_0/config.yaml"))
    dumped = [yaml.safe_load(path.read_text()) for path in configs]
    assert len(dumped) == 4
    for config in dumped:
        config["model"]["colorizer"]["init_args"].pop("aggregation")
        config["trainer"].pop("default_root_dir", None)
    assert all(config == dumped[0] for config in dumped)
