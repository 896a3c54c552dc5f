"""Sealed envelopes: what has no number is opened once, and in the order of its writer."""

import json
import subprocess
import sys

import pytest

from app.engine import Envelope
from app.engine.brokers.seal import Refused, Seal
from tests.support.server import ROOT

KEY = b"key"
HINTS = [Envelope("hint", str(number), ("room",)) for number in range(3)]
NUMBERED = Envelope("n", "1", ("room",), seq=7)

FORK = """
import json, os
from app.engine import Envelope
from app.engine.brokers.seal import Seal
seal, hint = Seal(b"key"), Envelope("hint", "0", ("room",))
if child := os.fork():
    os.waitpid(child, 0)
print(json.dumps(seal.close(hint)))
"""


@pytest.fixture
def reader() -> Seal:
    return Seal(KEY)


def test_what_has_no_number_is_opened_once(reader: Seal) -> None:
    sealed = Seal(KEY).close(HINTS[0])
    assert [reader.open(sealed, None), reader.open(sealed, None)] == [HINTS[0], Refused.REPEATED]


def test_what_has_no_number_is_not_opened_behind_a_newer_one_of_its_writer(reader: Seal) -> None:
    writer = Seal(KEY)
    first, second, third = (writer.close(hint) for hint in HINTS)
    assert [reader.open(sealed, None) for sealed in (second, first, third)] == [HINTS[1], Refused.REPEATED, HINTS[2]]


def test_writers_do_not_stand_in_each_other_s_way(reader: Seal) -> None:
    writers = Seal(KEY), Seal(KEY)
    sealed = [writer.close(hint) for hint in HINTS for writer in writers]
    assert [reader.open(one, None) for one in sealed] == [hint for hint in HINTS for _ in writers]


def test_a_fork_is_a_writer_of_its_own(reader: Seal) -> None:
    wrote = subprocess.run([sys.executable, "-c", FORK], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    child, parent = (json.loads(line) for line in wrote.splitlines())
    assert [reader.open(sealed, None) for sealed in (child, parent)] == [HINTS[0], HINTS[0]]


def test_what_has_a_number_is_not_opened_without_it(reader: Seal) -> None:
    sealed = Seal(KEY).close(NUMBERED)
    assert reader.open(sealed, NUMBERED.seq) == NUMBERED
    for turn in ({}, {"turn": "7"}, {"turn": "-7"}):
        assert reader.open(sealed | turn, None) is Refused.FORGED


def test_a_turn_is_signed(reader: Seal) -> None:
    sealed = Seal(KEY).close(HINTS[0])
    assert reader.open(sealed | {"turn": sealed["turn"][:-1] + "2"}, None) is Refused.FORGED
