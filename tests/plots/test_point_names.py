"""Names beside points."""

import numpy as np
import pytest

from bayesmeta.plots.panels import panels
from bayesmeta.plots.point_names import Box, write_names

RADIUS = 0.05


@pytest.fixture
def axes():
    _, (axes,) = panels(1, title="", key=[], notes=[], height=4.0, room=0.5)
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1)
    return axes


def written(axes, points, names, **options) -> dict[str, object]:
    write_names(axes, points, names, radii=np.full(len(points), RADIUS), **options)
    return {text.get_text(): text.get_position() for text in axes.texts}


def test_names_stand_right_or_left_where_there_is_room(axes) -> None:
    found = written(axes, [(0.2, 0.5), (0.99, 0.5)], ["Ada 2001", "Bo 2002"])
    assert found["Ada 2001"][0] > 0.2
    assert found["Bo 2002"][0] < 0.9
    assert found["Bo 2002"][1] == pytest.approx(0.5)


def test_names_overlap_neither_points_nor_each_other(axes) -> None:
    rng = np.random.default_rng(3)
    points = [(float(x), float(y)) for x, y in rng.uniform(0.3, 0.7, (12, 2))]
    written(axes, points, [f"Study {i} 2001" for i in range(12)])
    renderer = axes.figure.canvas.get_renderer()
    boxes = [text.get_window_extent(renderer) for text in axes.texts]
    assert 3 < len(boxes) <= 12
    for i, one in enumerate(boxes):
        assert not any(one.padded(-2).overlaps(other.padded(-2)) for other in boxes[i + 1 :])
        for point in points:
            assert not one.contains(*axes.transData.transform(point))


def test_points_at_one_place_have_no_names(axes) -> None:
    assert set(written(axes, [(0.1, 0.1), (0.1, 0.1), (0.6, 0.6)], ["a", "b", "c"])) == {"c"}


def test_what_is_taken_stays_free(axes) -> None:
    taken = [Box(left=0, bottom=0, right=10, top=10)]
    assert not written(axes, [(0.5, 0.5)], ["Ada 2001"], taken=taken)
