"""The photograph of a gallery that is most like a content."""

import pytest
import torch

from flowcolor.cli.main import main
from flowcolor.color import to_gray
from flowcolor.errors import InputError
from flowcolor.io.images import read_image, write_image
from flowcolor.nearest import Gallery, thumbnail, vgg_look


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "gallery").mkdir()
    for name in "abc":
        write_image(torch.rand(3, 40, 50), tmp_path / "gallery" / f"{name}.png")
    return tmp_path / "gallery"


def gray_of(path):
    image = read_image(path)
    write_image((image * torch.tensor([0.299, 0.587, 0.114])[:, None, None]).sum(0)[None], "g.png")
    return path.parent.parent / "g.png"


@pytest.fixture
def random_vgg(monkeypatch):
    from flowcolor.pretrained import vgg

    class Random(vgg.VGGActivations):
        def __init__(self, layers, name, path):
            super().__init__(layers, name, random_weights=True)

    monkeypatch.setattr(vgg, "VGGActivations", Random)


def test_colours_do_not_count_and_vgg19_looks_at_its_convolution_4_1(random_vgg):
    image = torch.rand(3, 60, 50)
    gray = to_gray(image).expand(3, -1, -1)
    for look, numbers in ((thumbnail, 32**2), (vgg_look(), 512 * 28**2)):
        assert look(image).shape == (numbers,)  # 224 pixels, halved three times.
        torch.testing.assert_close(look(image), look(gray), rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("name", ["thumbnail", "vgg19"])
def test_a_gallery_with_the_picture_itself_finds_it(name, folder, random_vgg, monkeypatch):
    monkeypatch.chdir(folder.parent)
    gallery = Gallery(folder, vgg_look() if name == "vgg19" else thumbnail)
    for path in gallery.paths[1:]:
        assert gallery.nearest(gray_of(path)) == path


def test_the_own_file_of_a_content_is_left_out(folder):
    path = folder / "b.png"
    write_image(0.9 * read_image(path), folder / "z.png")
    assert Gallery(folder).nearest(path) == folder / "z.png"


def test_a_photograph_that_is_gone_after_it_was_seen_is_passed_over(folder):
    gallery = Gallery(folder)
    c = folder / "c.png"
    write_image(0.9 * read_image(c), folder.parent / "like_c.png")
    assert gallery.nearest(folder.parent / "like_c.png") == c
    c.unlink()
    assert gallery.nearest(folder.parent / "like_c.png") in {folder / "a.png", folder / "b.png"}


def test_a_gallery_of_the_content_alone_is_refused(folder):
    for name in "ac":
        (folder / f"{name}.png").unlink()
    with pytest.raises(InputError, match=r"--gallery expects photographs beside .*b.png itself, "):
        Gallery(folder).nearest(folder / "b.png")


def test_the_command_says_which_photograph_it_takes(folder, monkeypatch, tmp_path, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    gray = gray_of(folder / "c.png")
    words = ("--method", "lut", "--content", gray, "--gallery", folder, "--output", "o.png")
    assert main(["colorize", *map(str, words)]) == 0
    expected = f"{gray} gets the colours of {folder / 'c.png'}, the most like it as thumbnails"
    assert expected in capsys.readouterr().out
    assert main(["colorize", *map(str, words), "--reference", "o.png"]) == 2
    assert "argument --reference: not allowed with argument --gallery." in capsys.readouterr().err
