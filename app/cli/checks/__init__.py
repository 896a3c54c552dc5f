"""What ``flask doctor`` looks at, a file for each part. Every check is a row: none raises."""

from enum import StrEnum

from app.core.schema import Schema


class State(StrEnum):
    """Whether it is as it must be: a warning works, but not as it should."""

    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"


class Check(Schema):
    """One check: what was found, and what to do about it, if anything."""

    name: str
    state: State
    found: str
    advice: str = ""


def ok(name: str, found: str) -> Check:
    """All is well."""
    return Check(name=name, state=State.OK, found=found)


def warning(name: str, found: str, advice: str) -> Check:
    """It works, and should be otherwise."""
    return Check(name=name, state=State.WARNING, found=found, advice=advice)


def failed(name: str, found: str, advice: str) -> Check:
    """It does not work."""
    return Check(name=name, state=State.FAILED, found=found, advice=advice)
