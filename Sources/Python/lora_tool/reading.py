"""Documents of JSON as dataclasses: fields by name, further keys left in `document`."""

from __future__ import annotations

import dataclasses
import functools
import types
import typing
from typing import Any, TypeVar

T = TypeVar("T")


@functools.cache
def _fields(kind: Any) -> tuple[tuple[str, str, Any], ...]:
    hints = typing.get_type_hints(kind)
    return tuple(
        (field.name, field.metadata.get("key", field.name), hints[field.name])
        for field in dataclasses.fields(kind)
        if field.name != "document"
    )


def read(kind: type[T], document: Any) -> T:
    """`document` as a `kind`; a key that is missing is as one that is null, which only optional fields take."""
    if not isinstance(document, dict):
        raise ValueError(f"expected an object for {kind.__name__}, found {type(document).__name__}")
    values = {}
    for name, key, hint in _fields(typing.cast(Any, kind)):
        values[name] = _value(hint, document.get(key))
        if values[name] is None and type(None) not in typing.get_args(hint) and hint is not Any:
            raise ValueError(f"expected {key!r} in the document for {kind.__name__}, found nothing")
    if any(field.name == "document" for field in dataclasses.fields(kind)):  # type: ignore[arg-type]
        values["document"] = document
    return kind(**values)


def _value(hint: Any, value: Any) -> Any:
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in (types.UnionType, typing.Union):
        return None if value is None else _value(next(a for a in arguments if a is not type(None)), value)
    if origin is tuple:
        return tuple(_value(arguments[0], element) for element in value or ())
    if origin is dict:
        return {key: _value(arguments[1], element) for key, element in (value or {}).items()}
    if dataclasses.is_dataclass(hint) and value is not None:
        return read(typing.cast("type[Any]", hint), value)
    return value
