"""Evaluating a mapping: from one raw record to field values, or to the reason why not. Pure."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any

from mapper.fields.values import FITTERS, DoesNotFit, fitter_of
from mapper.mappings.computing import Compute, compute_of
from mapper.transformations.failing import StepFailed
from mapper.transformations.paths import at_path
from shared.api.fields import DataType, FieldOut
from shared.api.mapped_from import FromConstant, FromCredential, FromInput, FromSource, MappedFrom

SECONDS_PER_PAGE = 20.0
"""How long the computed fields of one page may take: a thousand records need a tenth of a second."""


@dataclass(frozen=True, slots=True)
class Context:
    """What a mapping may use beside the record: the same for all records of a page."""

    inputs: Mapping[str, str]
    credential_name: str
    fetched_at: str


@dataclass(frozen=True, slots=True)
class Target:
    """One mapped field."""

    key: str
    data_type: DataType
    mandatory: bool
    source: MappedFrom
    fit: Callable[[Any], Any] | None = field(default=None, compare=False, repr=False)
    """What stores a value, where the field asks for more than its type does."""
    compute: Compute | None = field(init=False, compare=False, repr=False)
    """What computes the value, made ready once; none where it is a plain path or the same for everybody."""

    @property
    def stores(self) -> Callable[[Any], Any]:
        """What stores a value that is not empty."""
        return self.fit or FITTERS[self.data_type]

    def __post_init__(self) -> None:
        object.__setattr__(self, "compute", _ready(self.source))


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a record cannot be applied."""

    code: str
    field: str
    message: str
    remedy: str


class Evaluation:
    """A mapping made ready for the records of one page: what is the same for all of them has been evaluated once."""

    def __init__(self, targets: Sequence[Target], context: Context) -> None:
        self._problem: Problem | None = None
        self._same: dict[str, Any] = {}
        self._plain: list[tuple[str, tuple[str, ...], Callable[[Any], Any], bool]] = []
        self._computed: list[tuple[str, Compute, Callable[[Any], Any], bool]] = []
        self._inputs = context.inputs
        self._seconds = SECONDS_PER_PAGE
        for target in targets:
            if target.compute is not None:
                self._computed.append((target.key, target.compute, target.stores, target.mandatory))
            elif isinstance(target.source, FromSource):
                self._plain.append((target.key, tuple(target.source.path), target.stores, target.mandatory))
            else:
                self._take_once(target, context)

    def of(self, record: Mapping[str, Any]) -> dict[str, Any] | Problem:
        """Return the value of each target (None: empty), or the first problem. Never raises for what a record holds."""
        if self._problem is not None:
            return self._problem
        values = self._same.copy()
        for key, path, fit, mandatory in self._plain:
            value = record.get(path[0]) if len(path) == 1 else at_path(record, path)
            if value is not None and value != "":
                try:
                    values[key] = fit(value)
                except DoesNotFit as error:
                    return _does_not_fit(key, error)
            elif mandatory:
                return _missing(key)
            else:
                values[key] = None
        return (self._compute(record, values) if self._computed else None) or values

    def _compute(self, record: Mapping[str, Any], values: dict[str, Any]) -> Problem | None:
        """Add the computed values; return the first problem."""
        began = perf_counter()
        try:
            for key, compute, fit, mandatory in self._computed:
                if self._seconds <= 0:
                    return _too_slow(key)
                try:
                    value = compute(record, self._inputs)
                    values[key] = None if value is None or value == "" else fit(value)
                except StepFailed as error:
                    return _not_computed(key, error)
                except DoesNotFit as error:
                    return _does_not_fit(key, error)
                if mandatory and values[key] is None:
                    return _missing(key)
        finally:
            self._seconds -= perf_counter() - began
        return None

    def _take_once(self, target: Target, context: Context) -> None:
        try:
            given = _given(target.source, context)
            value = None if given is None or given == "" else target.stores(given)
        except DoesNotFit as error:
            self._problem = self._problem or _does_not_fit(target.key, error)
            return
        if value is None and target.mandatory:
            self._problem = self._problem or _missing(target.key)
        self._same[target.key] = value


def targets_of(sources: Mapping[str, MappedFrom], fields: Mapping[str, FieldOut]) -> tuple[Target, ...]:
    """Return the mapped fields, made ready once for any number of records; what is mapped to no field is left out.

    They have the order of the fields: which of two problems a record is rejected for must not hang on how a database keeps keys.
    """
    return tuple(
        # What a new record has by default is never missing.
        Target(key, field.data_type, field.mandatory and field.default is None, sources[key], fitter_of(field))
        for key, field in fields.items()
        if key in sources
    )


def evaluate(targets: Sequence[Target], record: Mapping[str, Any], context: Context) -> dict[str, Any] | Problem:
    """Return the values of one record, or its first problem; for many records make one `Evaluation`."""
    return Evaluation(targets, context).of(record)


def _given(source: MappedFrom, context: Context) -> Any:
    match source:
        case FromConstant(value=value):
            return value
        case FromInput(key=key):
            return context.inputs.get(key)
        case FromCredential():
            return context.credential_name
        case _:
            return context.fetched_at


def _ready(source: MappedFrom) -> Compute | None:
    """Return what computes the value. One that was good when it was stored, and is so no more, fails each record and never the page."""
    try:
        return compute_of(source)
    except ValueError as error:
        reason = str(error)

    def failing(_record: Mapping[str, Any], _inputs: Mapping[str, str]) -> Any:
        raise StepFailed(reason)

    return failing


def _does_not_fit(key: str, error: DoesNotFit) -> Problem:
    remedy = f"Mend it at the source, or map {key} otherwise."
    return Problem("value_does_not_fit", key, f"the value for {key} {error}", remedy)


def _missing(key: str) -> Problem:
    remedy = f"Fill it in at the source, or map {key} to something that is never empty."
    return Problem("missing_value", key, f"there is no value for {key}, which every record needs", remedy)


def _not_computed(key: str, error: StepFailed) -> Problem:
    return Problem(
        "not_computed", key, f"the value for {key} could not be made: {error}", f"Mend it at the source, or how {key} is mapped."
    )


def _too_slow(key: str) -> Problem:
    message = f"the computed fields of this page took more than {SECONDS_PER_PAGE:.0f} seconds before {key} was reached"
    return Problem("computing_too_slow", key, message, "Make the expressions and patterns of the mapping simpler, then replay this record.")
