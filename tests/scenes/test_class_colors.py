"""The colours of classes differ for every viewer, and each class has a shape of its own."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from gradreel.scenes.mobjects.class_regions import mark_outline
from gradreel.scenes.themes import CLASS_COLORS, THEMES

# Machado, Oliveira and Fernandes, "A Physiologically-based Model for Simulation of Color Vision Deficiency" (2009),
# for a severity of 1, on linear RGB
SIGHT = {
    "normal": np.eye(3),
    "protanopia": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deuteranopia": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    "tritanopia": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
}
TO_XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])


def linear(color):
    share = np.array([int(color[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    return np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)


def lab(rgb):
    t = TO_XYZ @ np.clip(rgb, 0, 1) / [0.9505, 1.0, 1.089]
    f = np.where(t > 0.008856, np.cbrt(t), 7.787 * t + 16 / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("sight", SIGHT)
def test_any_two_classes_differ_for_every_kind_of_sight(theme, sight):
    colors = [lab(np.array(SIGHT[sight]) @ linear(color)) for color in CLASS_COLORS[theme]]
    assert len(colors) == 10
    assert min(np.linalg.norm(a - b) for a, b in combinations(colors, 2)) > 15
    assert min(np.linalg.norm(a - b) for a, b in combinations(colors[:3], 2)) > 30


@pytest.mark.parametrize("theme", THEMES)
def test_every_class_has_a_contrast_of_three_to_the_background(theme):
    brightness = [float(TO_XYZ[1] @ linear(color)) + 0.05 for color in CLASS_COLORS[theme]]
    background = float(TO_XYZ[1] @ linear(THEMES[theme]["background"])) + 0.05
    assert min(max(b, background) / min(b, background) for b in brightness) >= 3


def test_no_two_classes_have_the_same_shape():
    outlines = [mark_outline(label, 1.0) for label in range(10)]
    for first, second in combinations(outlines, 2):
        assert first.shape != second.shape or not np.allclose(first, second, atol=0.1)
