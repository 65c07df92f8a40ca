"""Frozen, slotted records that are quick to define and quick to make.

The compiler defines some eighty small node types, and `archdsl check` has to be done before
`dataclasses` would have been imported. A record is declared as a data class is; its fields are
its annotations, in order, those of its bases first.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, dataclass_transform
else:

    def dataclass_transform(**_options: object) -> object:
        """Stand in for typing's decorator, which only type checkers read."""
        return lambda cls: cls


class _RecordType(type):
    """Turns annotations into slots and writes one `__init__` for them."""

    def __new__(mcs, name: str, bases: tuple[type, ...], body: dict[str, Any]) -> _RecordType:
        own = [field for field in body.get("__annotations__", {}) if not field.startswith("__")]
        inherited = [field for base in bases for field in getattr(base, "_fields", ())]
        fields = inherited + [field for field in own if field not in inherited]
        defaults = {key: value for base in bases for key, value in getattr(base, "_defaults", {}).items()}
        defaults |= {field: body.pop(field) for field in own if field in body}
        body["__slots__"] = tuple(field for field in own if field not in inherited)
        body["_fields"], body["_defaults"] = tuple(fields), defaults
        cls = super().__new__(mcs, name, bases, body)
        if fields and "__init__" not in body:
            cls.__init__ = _on_demand(cls, fields, defaults)  # type: ignore[misc]
        return cls


def _on_demand(cls: type, fields: list[str], defaults: dict[str, object]) -> Any:
    """Write the `__init__` when the first record is made: most of the types never occur in one spec."""

    def __init__(self: object, *values: object, **named: object) -> None:  # noqa: N807 - it stands in for the one it writes
        cls.__init__ = written = _initializer(cls, fields, defaults)  # type: ignore[misc]
        written(self, *values, **named)

    return __init__


def _initializer(cls: type, fields: list[str], defaults: dict[str, object]) -> Any:
    """Compile an `__init__` that stores through the slots, which `__setattr__` does not guard."""
    seen_default, parameters = False, ["self"]
    for field in fields:
        seen_default = seen_default or field in defaults
        parameters.append(f"{field}=default_{field}" if seen_default else field)
    lines = [f"    set_{field}(self, {field})" for field in fields]
    scope = {f"set_{field}": getattr(cls, field).__set__ for field in fields}
    scope |= {f"default_{field}": defaults.get(field) for field in fields}
    exec(f"def __init__({', '.join(parameters)}):\n" + "\n".join(lines), scope)
    return scope["__init__"]


@dataclass_transform(frozen_default=True)
class Record(metaclass=_RecordType):
    """A value made of named fields: equal when they are equal, never changed after it is made."""

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"{type(self).__name__} is frozen; use replace()")

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and self._compared() == other._compared()

    def __hash__(self) -> int:
        return hash((type(self), self._compared()))

    def __repr__(self) -> str:
        inner = ", ".join(f"{field}={getattr(self, field)!r}" for field in self._fields)  # type: ignore[attr-defined]
        return f"{type(self).__name__}({inner})"

    def _compared(self) -> tuple[object, ...]:
        """Return what equality looks at; a subclass leaves out what does not count, as spans."""
        return tuple([getattr(self, field) for field in self._fields])  # type: ignore[attr-defined]

    def replace(self, **changes: object) -> Any:
        """Return a copy with some fields changed."""
        values = {field: getattr(self, field) for field in self._fields}  # type: ignore[attr-defined]
        return type(self)(**(values | changes))
