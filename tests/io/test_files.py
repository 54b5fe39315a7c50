"""What lies in folders, in the order in which it came."""

from flowcolor.io.files import find


def test_the_tenth_run_comes_after_the_ninth(tmp_path):
    names = ["version_1", "version_2", "version_9", "version_10", "version_010", "version_a", "9"]
    for name in names:
        (tmp_path / name).mkdir()
        (tmp_path / name / "last.ckpt").touch()
    found = [path.parent.name for path in find(tmp_path, "*/last.ckpt")]
    assert found[0] == "9"
    runs = [name for name in found if name.startswith("version_") and name[-1].isdigit()]
    assert [int(run.removeprefix("version_")) for run in runs] == [1, 2, 9, 10, 10]
    assert find(tmp_path / "absent", "*") == []
