"""archdsl: a neural network, written once, is code, training, figure and page."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from archdsl.spec import Spec, load
    from archdsl.text.complaint import SpecError

__all__ = ["Spec", "SpecError", "__version__", "load"]
__version__ = "0.1.0"


def __getattr__(name: str) -> object:
    """Bring in the compiler when it is first asked for, so that `import archdsl` costs nothing."""
    if name in ("Spec", "load"):
        from archdsl import spec

        return getattr(spec, name)
    if name == "SpecError":
        from archdsl.text.complaint import SpecError

        return SpecError
    raise AttributeError(f"module 'archdsl' has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
