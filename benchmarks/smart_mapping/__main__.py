"""`python -m benchmarks.smart_mapping`: precision and recall of smart mapping, per shape and together, beside exact names."""

import argparse
from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from benchmarks.smart_mapping.baseline import baseline
from benchmarks.smart_mapping.labelled import HELD_OUT, MADE_WITH
from benchmarks.smart_mapping.measuring import Measured, measured, ours, storing
from benchmarks.smart_mapping.shape import Shape

COLUMNS = (
    "shape",
    "labels",
    *("sure", "precision", "recall"),
    *("likely", "precision", "sure + likely: recall"),
    *("guess", "precision"),
    *("exact names", "precision", "recall"),
)


def main() -> None:
    """Measure and print."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--wrong", action="store_true", help="list every suggestion that is wrong, and every label that was not found")
    given = arguments.parse_args()
    console = Console(width=150)
    for title, shapes in (("made with", MADE_WITH), ("held out", HELD_OUT)):
        if shapes:
            console.print(_table(title, shapes))
            console.print("{} suggestions, {} of them with steps, {} of which store every record".format(*storing(shapes)))
            if given.wrong:
                _wrong(console, shapes)


def _table(title: str, shapes: Sequence[Shape]) -> Table:
    table = Table(title=f"{len(shapes)} shapes, {title}")
    for column in COLUMNS:
        table.add_column(column, justify="left" if column == "shape" else "right")
    for shape in shapes:
        table.add_row(shape.name, *_figures(measured([shape], ours), measured([shape], baseline)))
    table.add_section()
    table.add_row("all", *_figures(measured(shapes, ours), measured(shapes, baseline)))
    return table


def _figures(our: Measured, plain: Measured) -> tuple[str, ...]:
    return (
        str(our.labels),
        str(our.number("sure")),
        _share(our.precision("sure")),
        _share(our.recall("sure")),
        str(our.number("likely")),
        _share(our.precision("likely")),
        _share(our.recall("sure", "likely")),
        str(our.number("guess")),
        _share(our.precision("guess")),
        str(plain.number("sure")),
        _share(plain.precision("sure")),
        _share(plain.recall("sure")),
    )


def _share(figure: float | None) -> str:
    return "-" if figure is None else f"{figure:.3f}"


def _wrong(console: Console, shapes: Sequence[Shape]) -> None:
    for shape in shapes:
        said = measured([shape], ours).said
        for one in said:
            if not one.right:
                console.print(f"{shape.name}: {one.certainty} but wrong: {one.object_type}.{one.target} <- {'.'.join(one.path)}")
        found = {(one.object_type, one.target) for one in said if one.right}
        for object_type in ("person", "saas_user"):
            for target, paths in shape.expected(object_type).items():
                if (object_type, target) not in found:
                    console.print(f"{shape.name}: not found: {object_type}.{target} <- {'.'.join(paths[0])}")


if __name__ == "__main__":
    main()
