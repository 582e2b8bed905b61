"""Where smart mapping says that it is sure, it is right: on shapes of real APIs, with their look-alikes."""

import pytest

from benchmarks.smart_mapping.baseline import baseline
from benchmarks.smart_mapping.labelled import HELD_OUT, MADE_WITH
from benchmarks.smart_mapping.measuring import OBJECT_TYPES, measured, ours, storing
from benchmarks.smart_mapping.shape import Shape
from mapper.transformations.paths import at_path

FLOOR = 0.95
ALL = (*MADE_WITH, *HELD_OUT)


@pytest.mark.parametrize("shapes", [MADE_WITH, HELD_OUT], ids=["made with", "held out"])
def test_sure_is_right_in_nineteen_of_twenty(shapes: tuple[Shape, ...]) -> None:
    """People take what is sure without a second look. The shapes that were held out say whether that holds for sources yet unseen."""
    told = measured(shapes, ours)
    wrong = [one for one in told.said if one.certainty == "sure" and not one.right]
    assert told.number("sure") > len(shapes) * 5
    assert (told.precision("sure") or 0) >= FLOOR, wrong


def test_it_finds_more_than_exact_names_do() -> None:
    """Else there would be no need for it."""
    plain = measured(ALL, baseline)
    assert measured(ALL, ours).recall("sure") > plain.recall("sure") * 1.5


def test_steps_that_are_suggested_store_every_record() -> None:
    """Whoever saves them must not find out from a run's errors that they do not work."""
    every, with_steps, storing_all = storing(ALL)
    assert every > with_steps == storing_all > len(ALL) / 2


@pytest.mark.parametrize("shape", ALL, ids=lambda shape: shape.name)
def test_labels_name_what_the_records_have(shape: Shape) -> None:
    """A label that no record bears out would count as a miss for ever."""
    for object_type in OBJECT_TYPES:
        for target, accepted in shape.expected(object_type).items():
            for path in accepted:
                assert any(path[-1] in (at_path(record, path[:-1]) or {}) or at_path(record, path) for record in shape.records), (
                    target,
                    path,
                )
