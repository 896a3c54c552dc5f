"""The one error body, ``{"error": {"code", "message", "details"}}``, for HTTP and for socket commands."""

from typing import Any

from pydantic import ValidationError

from app.core.schema import Schema


class ErrorBody(Schema):
    """What went wrong: ``code`` for programs, ``message`` for people, ``details`` to go on."""

    code: str
    message: str
    details: dict[str, Any]


class ErrorAnswer(Schema):
    """What every HTTP answer that is an error holds."""

    error: ErrorBody


class AppError(Exception):
    """An answer that is not the one hoped for.

    Attributes:
        code: what a program reads; one word of the contract.
        status: the HTTP status that goes with it.
        message: what a person reads.
        details: for ``validation_failed`` one entry a field; else what helps to go on.
        retry_after: seconds until it is worth trying again, for ``Retry-After``.
    """

    code = "internal"
    status = 500

    def __init__(
        self, message: str, details: dict[str, Any] | None = None, *, retry_after: float | None = None
    ) -> None:
        super().__init__(message)
        self.message = message
        self.details = details or {}
        self.retry_after = retry_after

    @property
    def body(self) -> dict[str, Any]:
        return {"code": self.code, "message": self.message, "details": self.details}


class ValidationFailed(AppError):
    code, status = "validation_failed", 400

    @classmethod
    def from_pydantic(cls, error: ValidationError, whole: str = "body") -> "ValidationFailed":
        """One entry a field, named by its path as the client wrote it; what is wrong with all of it under ``whole``."""
        details = {
            ".".join(map(str, e["loc"])) or whole: e["msg"].removeprefix("Value error, ") for e in error.errors()
        }
        return cls("The request is not valid.", details)


class Unauthenticated(AppError):
    code, status = "unauthenticated", 401


class TokenExpired(AppError):
    code, status = "token_expired", 401


class TokenRevoked(AppError):
    code, status = "token_revoked", 401


class Forbidden(AppError):
    code, status = "forbidden", 403


class NotFound(AppError):
    code, status = "not_found", 404


class Conflict(AppError):
    code, status = "conflict", 409


class RateLimited(AppError):
    code, status = "rate_limited", 429


class Unavailable(AppError):
    code, status = "unavailable", 503
