import cv2
import numpy as np
import pytest
import torch
from pytorch_grad_cam import ScoreCAM
from pytorch_grad_cam.activations_and_gradients import ActivationsAndGradients
from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget
from pytorch_grad_cam.utils.svd_on_activations import get_2d_projection

from helpers.explain import methods
from helpers.explain.cams import METHODS, cam_maps, label_maps
from helpers.models.backbones import load_backbone
from helpers.models.transfer import TransferModel

IMAGES = torch.randn(3, 3, 96, 128, generator=torch.Generator().manual_seed(1))
HOOKS = ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks")


@pytest.fixture
def make_small():
    """A model of 288 channels without trained weights: ScoreCAM asks it once per channel."""
    torch.manual_seed(0)
    backbone = load_backbone("mobilenetv3_small_050", pretrained=False)
    return lambda **options: TransferModel(backbone, 3, **options)


def _state(model) -> list:
    """All that a look at a model might leave behind, but for its weights."""
    hooks = [[list(getattr(m, kind)) for kind in HOOKS] for m in model.modules()]
    modes = [m.training for m in model.modules()]
    flags = [(p.requires_grad, p.device, id(p.grad)) for p in model.parameters()]
    return [hooks, modes, flags, [id(p) for p in model.parameters()]]


def _enlarged(cells: np.ndarray) -> np.ndarray:
    """Cells (3, 4) as a map of IMAGES' size."""
    cells = np.maximum(cells, 0)
    cells = (cells - cells.min()) / np.ptp(cells)
    found = cv2.resize(cells.astype(np.float32), (128, 96))
    return (found - found.min()) / np.ptp(found)


@pytest.mark.parametrize("pooling", ["avg", "spp"])
@pytest.mark.parametrize("method", METHODS)
def test_maps_of_a_batch_equal_maps_one_by_one(make_model, make_small, method, pooling):
    """And so do those of a list: of a frozen model, between 0 and 1, as large as the image."""
    model = (make_small if method == "ScoreCAM" else make_model)(pooling=pooling).freeze()
    targets = [0, 1, 1]
    maps = cam_maps(model, IMAGES, targets, method)
    assert maps.shape == (3, 96, 128) and maps.dtype == np.float32
    assert maps.min() >= 0 and maps.max() <= 1
    tops = maps.max(axis=(1, 2))  # 0 where nothing speaks for the target
    assert tops.max() == pytest.approx(1, abs=1e-4) and ((tops < 1e-4) | (tops > 0.999)).all()
    single = [cam_maps(model, IMAGES[i : i + 1], targets[i], method)[0] for i in range(3)]
    assert np.allclose(maps, single, atol=1e-3)
    listed = cam_maps(model, list(IMAGES), targets, method, batch_size=2)
    assert np.allclose(maps, listed, atol=1e-3)


def test_several_methods_share_the_backbones_work(make_model):
    model, targets, methods, seen = make_model(3), [0, 1, 2], ["GradCAM", "LayerCAM"], []
    alone = {method: cam_maps(model, IMAGES, targets, method) for method in methods}
    model.features.register_forward_hook(lambda module, given, maps: seen.append(len(maps)))
    maps = cam_maps(model, IMAGES, targets, methods, batch_size=2)
    assert list(maps) == methods and seen == [2, 1]
    assert all(np.allclose(maps[method], alone[method], atol=1e-3) for method in methods)


@pytest.mark.parametrize("pooling", ["avg", "spp"])
def test_images_of_any_size_keep_their_size_and_place(make_model, pooling):
    model = make_model(3, pooling=pooling)
    images = [IMAGES[0], IMAGES[1, :, :64, :100], IMAGES[2], IMAGES[0, :, :, :37]]
    maps = cam_maps(model, images, [0, 1, 2, 0])
    for image, target, found in zip(images, [0, 1, 2, 0], maps, strict=True):
        assert np.allclose(found, cam_maps(model, image[None], target)[0], atol=1e-3)
        assert found.shape == image.shape[1:]


@pytest.mark.parametrize("method", METHODS)
def test_the_model_is_left_as_it_was(make_small, method, capfd):
    """Hooks, modes, gradients and flags; nothing is printed, no progress bar either."""
    model = make_small().unfreeze(last_n_blocks=3).train()
    model.pool.eval()  # a mode that train() would not set
    model.features.register_forward_hook(lambda *_: None)
    model(IMAGES).sum().backward()
    learned = [p for p in model.parameters() if p.grad is not None]
    gradients = [p.grad.clone() for p in learned]
    assert len(learned) > 2  # the backbone's too
    weights = {key: value.clone() for key, value in model.state_dict().items()}
    before, numbers = _state(model), torch.random.get_rng_state()
    cam_maps(model, IMAGES[:1, :, :64, :64], 1, method)
    assert _state(model) == before and torch.equal(torch.random.get_rng_state(), numbers)
    assert all(torch.equal(p.grad, g) for p, g in zip(learned, gradients, strict=True))
    assert all(torch.equal(value, weights[key]) for key, value in model.state_dict().items())
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("failing", ["features", "head"])
def test_no_hooks_are_left_after_a_failure(make_model, failing, capfd):
    """The library's own context manager would print an IndexError and go on."""
    model = make_model().train()

    def fail(*_):
        raise IndexError("full")

    getattr(model, failing).register_forward_pre_hook(fail)
    before = _state(model)
    with pytest.raises(IndexError, match="full"):
        cam_maps(model, IMAGES, 0)
    assert _state(model) == before and capfd.readouterr() == ("", "")


@pytest.mark.parametrize("context", [torch.no_grad, torch.inference_mode])
def test_gradients_are_had_where_the_caller_has_none(make_model, context):
    model = make_model()
    with context():
        maps = cam_maps(model, IMAGES + 0, 0)
    assert np.allclose(maps, cam_maps(model, IMAGES, 0), atol=1e-4)


def test_grad_cam_after_average_pooling_is_the_classifiers_own_weighting(make_model):
    """Zhou et al. 2016: the maps of the channels, weighted as the linear layer weights them."""
    model = make_model(3)
    with torch.no_grad():
        cells = torch.einsum("c,nchw->nhw", model.head[1].weight[2], model.features(IMAGES))
    wanted = [_enlarged(of_one) for of_one in cells.numpy()]
    assert np.allclose(cam_maps(model, IMAGES, 2), wanted, atol=1e-3)


def test_grad_cam_plus_plus_holds_where_gradients_are_small(make_model):
    """Equation 19 of the paper: average pooling makes gradients so small that an added constant
    would decide."""
    model = make_model(3)
    with torch.no_grad():
        model.head[1].weight *= 1e-3
        channels, weights = model.features(IMAGES), model.head[1].weight[2]
        slopes = (weights / channels[0, 0].numel()).view(1, -1, 1, 1).double()
        shares = 1 / (2 + channels.sum(dim=(2, 3), keepdim=True) * slopes)
        cells = (slopes.clamp_min(0) * shares * channels).sum(dim=1).numpy()
    wanted = [_enlarged(of_one) for of_one in cells]
    assert np.allclose(cam_maps(model, IMAGES, 2, "GradCAM++"), wanted, atol=2e-3)


def test_eigen_cam_is_the_librarys_but_knows_its_sign(make_model):
    model = make_model(3)
    maps = cam_maps(model, IMAGES, 0, "EigenCAM")
    assert np.array_equal(maps, cam_maps(model, IMAGES, 2, "EigenCAM"))  # it knows no class
    with torch.no_grad():
        channels = model.features(IMAGES).numpy()
    cells = get_2d_projection(channels)
    signs = np.sign((cells * channels.mean(axis=1)).sum(axis=(1, 2)))
    wanted = [_enlarged(sign * of_one) for sign, of_one in zip(signs, cells, strict=True)]
    assert np.allclose(maps, wanted, atol=1e-3)


def test_score_cam_in_batches_is_the_librarys(make_small, monkeypatch):
    model, images = make_small(), IMAGES[:, :, :64, :64]
    monkeypatch.setattr(methods, "PIXEL_BUDGET", 70 * 64 * 64)  # 288 channels: the last is shorter
    maps = cam_maps(model, images, [2, 0, 1], "ScoreCAM")
    monkeypatch.setattr("pytorch_grad_cam.score_cam.tqdm.tqdm", lambda steps: steps)
    theirs = ScoreCAM(model, [model.features])(
        images, [ClassifierOutputTarget(i) for i in (2, 0, 1)]
    )
    assert np.allclose(maps, theirs, atol=1e-3)


def test_score_cam_skips_channels_of_zeros_only(make_small, monkeypatch):
    """They cost no prediction; and the activations of the many predictions are not kept."""
    model, asked, kept = make_small(), [], []
    monkeypatch.setattr(ActivationsAndGradients, "save_gradient", lambda *args: kept.append(args))
    maps = cam_maps(model, IMAGES[:1], 0, "ScoreCAM")
    model.pool.register_forward_hook(lambda _, inputs, out: asked.append(len(out)))
    cut = torch.arange(288).view(1, -1, 1, 1) < 20
    model.features.register_forward_hook(lambda _, inputs, out: out * cut)
    few = cam_maps(model, IMAGES[:1], 0, "ScoreCAM")
    assert sum(asked[-2:]) == 1 + 20 and len(kept) == 2 and not np.allclose(few, maps, atol=1e-2)
    model.features.register_forward_hook(lambda _, inputs, out: out * 0)
    assert not cam_maps(model, IMAGES[:1], 0, "ScoreCAM").any()


@pytest.mark.parametrize("pooling", ["avg", "spp"])
def test_each_label_has_its_own_map(make_model, pooling):
    model = make_model(3, task="multilabel", pooling=pooling).freeze()
    maps = label_maps(model, IMAGES)
    assert maps.shape == (3, 3, 96, 128)
    for label in range(3):
        assert np.array_equal(maps[:, label], cam_maps(model, IMAGES, label))
    assert not np.allclose(maps[:, 0], maps[:, 1], atol=0.1)
    sizes = [IMAGES[0], IMAGES[1, :, :64]]
    listed = label_maps(model, sizes, labels=[2, 0], method="LayerCAM")
    assert [found.shape for found in listed] == [(2, 96, 128), (2, 64, 128)]
    assert np.allclose(listed[1][1], cam_maps(model, sizes[1][None], 0, "LayerCAM")[0], atol=1e-3)


def test_without_a_target_the_strongest_output_is_explained(make_model):
    model = make_model(4)
    strongest = model.predict_proba(IMAGES).argmax(dim=1)
    assert np.array_equal(cam_maps(model, IMAGES), cam_maps(model, IMAGES, strongest))


@pytest.mark.parametrize("method", METHODS)
def test_a_map_without_evidence_is_zero(make_small, method):
    """A feature map of one cell, or a classifier that looks at nothing: no division by zero."""
    model = make_small()
    assert not cam_maps(model, IMAGES[:, :, :32, :32], 0, method).any()
    if "Grad" in method or method == "LayerCAM":
        torch.nn.init.zeros_(model.head[1].weight)
        assert not cam_maps(model, IMAGES[:, :, :64, :64], 0, method).any()


def test_no_images_give_no_maps(make_model):
    assert cam_maps(make_model(), IMAGES[:0]).shape == (0, 96, 128)
    assert cam_maps(make_model(), []) == []


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"method": "gradcam"}, "method is 'gradcam'; known: GradCAM, GradCAM"),
        ({"targets": 3}, "target 3 is no output of the model; it has 3, numbered 0 to 2"),
        ({"targets": [0, -1, 2]}, "target -1 is no output"),
        ({"targets": [0, 1]}, r"of shape \(2,\) for 3 images"),
        ({"targets": torch.ones(3, 5)}, r"float32 of shape \(3, 5\).*label_maps"),
        ({"images": IMAGES[0]}, r"images have shape \(3, 96, 128\); give a tensor \(N, 3, H, W\)"),
        ({"images": IMAGES[:, :1]}, r"images have shape \(3, 1, 96, 128\)"),
        ({"images": [IMAGES[0], IMAGES[:1]]}, r"images have shape \(1, 3, 96, 128\)"),
        ({"images": IMAGES.long()}, r"images are torch.int64; give uint8"),
    ],
)
def test_bad_input_is_told_in_one_sentence(make_model, change, words):
    with pytest.raises(ValueError, match=words) as caught:
        cam_maps(make_model(3), **{"images": IMAGES, **change})
    assert "\n" not in str(caught.value)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
@pytest.mark.parametrize("method", METHODS)
def test_maps_on_a_gpu_are_those_of_the_cpu(make_small, method):
    model = make_small()
    maps = cam_maps(model, IMAGES, 1, method)
    assert np.allclose(maps, cam_maps(model.to("cuda"), IMAGES, 1, method), atol=2e-2)
    assert next(model.parameters()).is_cuda


def test_uint8_images_have_the_maps_of_their_normalised_form(make_model):
    model = make_model()
    images = torch.randint(0, 256, (2, 3, 64, 96), dtype=torch.uint8)
    assert np.allclose(cam_maps(model, images), cam_maps(model, model.normalise(images)), atol=1e-5)
