"""Errors that a person or a client is told of: what, where, and how to mend it. One root, one handler."""


class WhenceError(Exception):
    """Root of Whence's own errors.

    Attributes:
        status: the HTTP status that answers it.
        title: short and the same for every error of the class.
    """

    status = 500
    title = "Internal error"


class InvalidEvent(WhenceError):
    """An event that is refused.

    Attributes:
        field: where in the event, such as ``inputs[0].name``; empty for the event as a whole.
    """

    status = 422
    title = "Invalid OpenLineage event"

    def __init__(self, reason: str, field: str = "") -> None:
        super().__init__(f"{field}: {reason}" if field else reason)
        self.reason = reason
        self.field = field


class MalformedJson(InvalidEvent):
    """The body is no JSON."""

    status = 400
    title = "Malformed JSON"


class BodyTooLarge(WhenceError):
    """The decompressed body exceeds the limit."""

    status = 413
    title = "Body too large"


class InvalidQuestion(WhenceError):
    """A question that cannot be answered as it is asked; the message says what to change."""

    status = 422
    title = "Invalid question"


class NotFound(WhenceError):
    """What was asked for is not in the graph."""

    status = 404
    title = "Not found"


class Unauthorized(WhenceError):
    """No key, or one that is not known."""

    status = 401
    title = "Unauthorized"


class Forbidden(WhenceError):
    """The key does not allow it."""

    status = 403
    title = "Forbidden"


class LogUnavailable(WhenceError):
    """The event log cannot be written now; the sender may try again."""

    status = 503
    title = "Event log unavailable"


class LogLocked(WhenceError):
    """Another process has the log open for writing."""

    status = 503
    title = "Event log in use"


class GraphUnavailable(WhenceError):
    """The graph store does not answer; events are accepted meanwhile, and the backlog drains by itself."""

    status = 503
    title = "Graph store unavailable"


class ConfigurationError(WhenceError):
    """A setting that cannot work; the message says how to mend it."""

    title = "Configuration error"


class VerificationFailed(WhenceError):
    """Something does not prove what it should: it was changed, cut or forged, or is not what it was taken for."""

    title = "Verification failed"
