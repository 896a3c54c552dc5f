"""Messages of Engine.IO v4 over polling, and what ends a session there."""

import socket
import time
from collections.abc import Iterator
from http.client import HTTPResponse

import pytest

from tests.support.polling import SEPARATOR, Polling
from tests.support.server import Server

MAX_PAYLOAD = 1_000_000


def assert_ended(session: Polling) -> None:
    assert session.get().status == 400
    assert session.post("4hello").status == 400


def half_a_post(session: Polling, server: Server, announced: int, body: bytes) -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", server.port), timeout=3)
    connection.sendall(
        f"POST /socket.io/?{session.query} HTTP/1.1\r\nHost: x\r\nContent-Length: {announced}\r\n\r\n".encode() + body
    )
    time.sleep(0.05)  # the server has it by then, before it has what comes next over another connection
    return connection


@pytest.fixture
def unfinished_post(polling: Polling, echo: Server) -> Iterator[socket.socket]:
    """The connection of a POST of "4first" that lacks its last byte."""
    with half_a_post(polling, echo, 6, b"4firs") as connection:
        yield connection


def test_a_message_comes_back(polling: Polling) -> None:
    sent = polling.post("4hello")
    assert (sent.status, sent.body) == (200, "ok")
    heard = polling.get()
    assert (heard.status, heard.body) == (200, "4hello")
    assert heard.content_type.startswith("text/plain")


def test_messages_of_one_request_come_back_in_one(polling: Polling) -> None:
    assert polling.post("4test1", "4test2", "4test3").body == "ok"
    assert polling.get().body == SEPARATOR.join(("4test1", "4test2", "4test3"))


def test_messages_of_many_requests_come_back_in_order(polling: Polling) -> None:
    for number in range(5):
        polling.post(f"4{number}")
    assert polling.get().body == SEPARATOR.join(f"4{number}" for number in range(5))


def test_binary_is_base64_behind_a_b(polling: Polling) -> None:
    assert polling.post("4hello", "bAQIDBA==", "b").body == "ok"
    assert polling.get().body == SEPARATOR.join(("4hello", "bAQIDBA==", "b"))


@pytest.mark.parametrize("text", ["", "κόσμε 👩‍👩‍👧", "\0", "bAQID", "\r\n", '{"a":[1,"\\u001e"]}'])
def test_any_text_comes_back(text: str, polling: Polling) -> None:
    polling.post(f"4{text}")
    assert polling.get().body == f"4{text}"


def test_a_pending_poll_is_answered_as_soon_as_there_is_a_message(polling: Polling) -> None:
    pending = polling.pending()
    assert polling.post("4hello").body == "ok"
    assert pending.answer().body == "4hello"
    polling.post("4again")
    assert polling.get().body == "4again"


@pytest.mark.parametrize("kind", ["text/plain;charset=UTF-8", "text/plain", "application/json"])
def test_the_content_type_of_what_is_sent_does_not_matter(kind: str, polling: Polling, echo: Server) -> None:
    with socket.create_connection(("127.0.0.1", echo.port), timeout=3) as connection:
        connection.sendall(
            f"POST /socket.io/?{polling.query} HTTP/1.1\r\nHost: x\r\n"
            f"Content-Type: {kind}\r\nContent-Length: 6\r\n\r\n4hello".encode()
        )
        answer = HTTPResponse(connection)
        answer.begin()
        assert answer.status == 200
    assert polling.get().body == "4hello"


def test_a_request_may_be_as_large_as_was_said(polling: Polling) -> None:
    message = "4" + "x" * (MAX_PAYLOAD - 1)
    assert polling.post(message).status == 200
    assert polling.get().body == message


# 413 is HTTP's own word for it; the protocol names no status.
def test_a_larger_request_is_refused_before_it_has_come(polling: Polling, echo: Server) -> None:
    with half_a_post(polling, echo, MAX_PAYLOAD + 1, b"4") as connection:
        answer = HTTPResponse(connection)
        answer.begin()
        assert answer.status in (400, 413)


@pytest.mark.parametrize("body", [b"abc", b"", b"7", b"9x", b"hello", b"bAQID!", b"bA", b"4\xff", b"4\xed\xa0\x80"])
@pytest.mark.parametrize("around", ["{}", "4ok\x1e{}", "{}\x1e4ok"], ids=["alone", "last", "first"])
def test_what_is_no_packet_is_refused_and_ends_the_session(body: bytes, around: str, polling: Polling) -> None:
    before, after = around.encode().split(b"{}")
    assert polling.post(before + body + after).status == 400
    assert_ended(polling)


# In version 4 it is the server that pings.
def test_a_ping_of_the_client_ends_the_session(polling: Polling) -> None:
    polling.post("2")
    assert_ended(polling)


def test_a_second_poll_is_refused_and_ends_the_session_and_the_first(polling: Polling) -> None:
    first = polling.pending()
    assert polling.get().status == 400
    ended = first.answer()
    assert (ended.status, ended.body) == (200, "1")
    assert_ended(polling)


def test_a_second_post_is_refused_and_ends_the_session(polling: Polling, unfinished_post: socket.socket) -> None:
    assert polling.post("4second").status == 400
    unfinished_post.sendall(b"t")
    answer = HTTPResponse(unfinished_post)
    answer.begin()
    assert answer.status == 400
    assert_ended(polling)


def test_a_client_that_goes_within_a_post_leaves_the_session_as_it_was_or_ended(
    polling: Polling, unfinished_post: socket.socket
) -> None:
    unfinished_post.close()
    time.sleep(0.05)
    if polling.post("4hello").status == 200:
        assert polling.get().body == "4hello"
    else:
        assert_ended(polling)


def test_a_poll_after_one_that_was_given_up_is_served_or_is_one_too_many(polling: Polling) -> None:
    polling.pending().give_up()
    time.sleep(0.05)
    again = polling.pending()
    if polling.post("4hello").status == 200:
        assert again.answer().body == "4hello"
    else:
        assert again.answer().status == 400


def test_a_client_that_closes_ends_the_session_and_a_pending_poll_with_a_noop(polling: Polling) -> None:
    pending = polling.pending()
    assert polling.post("1").body == "ok"
    ended = pending.answer()
    assert (ended.status, ended.body) == (200, "6")
    assert_ended(polling)


def test_a_client_that_closes_without_a_poll_ends_the_session(polling: Polling) -> None:
    assert polling.post("1").status == 200
    assert_ended(polling)


def test_sessions_do_not_hear_each_other(polling: Polling, echo: Server) -> None:
    other = Polling(echo.url)
    polling.post("4mine")
    other.post("4other")
    assert (polling.get().body, other.get().body) == ("4mine", "4other")
    other.post("1")
    polling.post("4still")
    assert polling.get().body == "4still"
