"""Figures of networks show the numbers that they are given."""

import numpy as np

from helpers import models, plots


def test_the_history_names_every_winner_and_network():
    networks = models.imagenet_networks()
    figure = plots.imagenet_history(models.WINNERS, models.HUMAN_ERROR, networks, "title")
    upper, lower = figure.axes
    assert len(upper.patches) == len(models.WINNERS)
    names = " ".join(text.get_text() for text in lower.texts)
    assert all(name in names for name in networks.index)
    vgg, mobile = networks.loc["vgg16"], networks.loc["mobilenet_v2"]
    assert vgg["million parameters"] > 30 * mobile["million parameters"]


def test_a_block_is_labelled_with_its_channels():
    figure = plots.inverted_residual(24, 6, "title")
    words = [text.get_text() for text in figure.axes[0].texts]
    assert words.count("24") == words.count("144") == 2


def test_relu6_has_a_ceiling_and_the_inputs_above_0():
    figure = plots.relu6(np.array([-3.0, 1, 2, 9, 12]), "title")
    left, right = figure.axes
    assert left.lines[1].get_ydata().max() == 6
    assert sum(patch.get_height() for patch in right.patches) == 4
