"""The geometry that the ground truth is made from, held against the pixels that are drawn."""

import cv2
import numpy as np
import pytest

from watchbound.camera.synthetic.people import all_people, figure
from watchbound.camera.synthetic.sprite import build_sprite
from watchbound.camera.synthetic.view import Placement


@pytest.mark.parametrize("person", all_people())
def test_a_silhouette_hides_what_the_drawn_figure_hides(person: str) -> None:
    body = figure(person)
    layer = build_sprite(person, (0.5, 0.5, 0.5), (0.5, 0.5, 0.5)).layer(0.25, 0.0)
    placement = Placement(body, 160.0, 80.0, 0.25, 1.0, 0.05)
    matrix = placement.matrix() @ layer.matrix()
    alpha = cv2.warpAffine(layer.pixels, matrix, (320, 300))[:, :, 3] > 127
    x, y = np.meshgrid(np.arange(320.0), np.arange(300.0))
    covered = placement.covers(np.column_stack([x.ravel(), y.ravel()])).reshape(300, 320)
    assert (alpha & covered).sum() / (alpha | covered).sum() > 0.8


@pytest.mark.parametrize("person", all_people())
def test_a_figure_is_cut_out_whole(person: str) -> None:
    body = figure(person)
    layer = build_sprite(person, (1, 1, 1), (1, 1, 1)).layers[0][0]
    assert layer.to_studio == 2
    alpha = layer.pixels[:, :, 3]

    def part(x: float, y: float, width: float, height: float) -> float:
        rows = slice(int((y - layer.top) / 2), int((y + height - layer.top) / 2))
        return float((alpha[rows, int((x - layer.left) / 2) : int((x + width - layer.left) / 2)] > 200).mean())

    x, y, width, height = body.face
    assert part(x + 0.15 * width, y + 0.1 * height, 0.7 * width, 0.75 * height) > 0.99
    middle = sum(body.torso) / 2
    assert part(middle - 120, body.shoulders, 240, body.hem - body.shoulders) > 0.99
    assert (alpha[-40:] > 200).any(), "there are feet"
    assert (alpha[:4] < 16).all(), "there is no studio above the hair"
