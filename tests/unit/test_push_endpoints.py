"""Where pushes may go, and where not."""

import pytest

from app.push.endpoints import check_endpoint, may_send_to


@pytest.mark.parametrize(
    "url",
    [
        "https://fcm.googleapis.com/fcm/send/abc:DEF_-",
        "https://updates.push.services.mozilla.com/wpush/v2/gAAAA",
        "https://web.push.apple.com/QOXX?x=1",
        "https://wns2-by3p.notify.windows.com:443/w/?token=BQYAAA%3d",
    ],
)
def test_a_push_service_is_allowed(url: str) -> None:
    check_endpoint(url, loopback=False)


@pytest.mark.parametrize(
    "url",
    [
        "http://fcm.googleapis.com/send",
        "ftp://fcm.googleapis.com/send",
        "//fcm.googleapis.com/send",
        "fcm.googleapis.com",
        "https://",
        "https://user:password@push.example.com/",
        "https://push.example.com/#here",
        "https://push.example.com:0/",
        "https://push.example.com:99999/",
        "https://push.example.com:port/",
        "https://push.example.com/a b",
        "https://push.example.com/\r\nX: y",
        "https://püsh.example.com/",
        "https://[::1/",
        "https://push..example.com/",
        "https://-push.example.com/",
    ],
)
@pytest.mark.parametrize("loopback", [True, False])
def test_what_is_no_endpoint_is_refused(url: str, loopback: bool) -> None:
    with pytest.raises(ValueError, match=r"."):
        check_endpoint(url, loopback=loopback)


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "127.1",
        "2130706433",
        "0x7f.0.0.1",
        "0177.0.0.1",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "10.0.0.1",
        "169.254.169.254",
        "192.168.1.1",
        "[fe80::1]",
        "8.8.8.8",
        "localhost",
        "LOCALHOST",
        "localhost.",
        "push.localhost",
        "printer.local",
        "metadata.google.internal",
        "router.home.arpa",
        "postgresql",
    ],
)
def test_a_host_that_is_not_one_of_the_internet_is_refused(host: str) -> None:
    with pytest.raises(ValueError, match="the host of a push service"):
        check_endpoint(f"https://{host}/push", loopback=False)


@pytest.mark.parametrize("url", ["http://127.0.0.1:8000/a", "http://localhost/a", "https://localhost:8443/a"])
def test_this_machine_is_allowed_where_it_is_said_to_be(url: str) -> None:
    check_endpoint(url, loopback=True)


@pytest.mark.parametrize("url", ["http://10.0.0.1/a", "https://169.254.169.254/a", "http://127.0.0.2/a"])
def test_other_private_addresses_never_are(url: str) -> None:
    with pytest.raises(ValueError, match="must"):
        check_endpoint(url, loopback=True)


@pytest.mark.parametrize("address", ["142.250.74.74", "2a00:1450:4001:830::200a", "64:ff9b::808:808"])
def test_addresses_of_the_internet_are_sent_to(address: str) -> None:
    assert may_send_to(address, loopback=False)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "127.255.255.254",
        "::1",
        "0.0.0.0",  # noqa: S104 - an address that is refused
        "::",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.0.1",
        "100.64.0.1",
        "169.254.169.254",
        "fe80::1",
        "fe80::1%eth0",
        "fd00::1",
        "fec0::1",
        "64:ff9b:1::1",
        "::7f00:1",
        "::ffff:0:7f00:1",
        "192.88.99.1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "64:ff9b::a00:1",
        "2002:7f00:1::",
        "224.0.0.1",
        "ff0e::1",
        "255.255.255.255",
    ],
)
def test_addresses_within_are_not(address: str) -> None:
    assert not may_send_to(address, loopback=False)


def test_only_loopback_is_opened_by_what_opens_loopback() -> None:
    assert may_send_to("127.0.0.1", loopback=True)
    assert may_send_to("::1", loopback=True)
    assert not may_send_to("10.0.0.1", loopback=True)
