"""What a style says when it cannot show a model."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from archdsl.text.source import Span


class DrawError(Exception):
    """A figure that cannot be drawn: a sentence, and the place in the spec that it is about, where there is one."""

    def __init__(self, message: str, span: Span | None = None, suggestion: str = "") -> None:
        super().__init__(message)
        self.message, self.span, self.suggestion = message, span, suggestion
