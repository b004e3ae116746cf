"""Certificates that are renewed while the router runs, and what the log says of them; without sockets or sleeps."""

import ssl
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from twisted.internet.task import Clock
from twisted.logger import LogEvent, formatEvent, globalLogPublisher

from router.certificates import LOOK_EVERY, Certificates
from router.config.tls import ClientCertificates, OtherCertificate, Tls
from router.tls import UnusableTls
from tests.certificates import DAY, Authority, pem_of, write_certificate

MINUTE = timedelta(minutes=1)


@pytest.fixture
def said() -> Iterator[list[str]]:
    """What the log was told since: `level text`."""
    lines: list[str] = []

    def listen(event: LogEvent) -> None:
        if event.get("log_namespace") == "tls":
            lines.append(f"{event['log_level'].name} {formatEvent(event)}")

    globalLogPublisher.addObserver(listen)
    yield lines
    globalLogPublisher.removeObserver(listen)


class House:
    """A listener's certificates, in a time of their own."""

    def __init__(self, folder: Path, **more: object) -> None:
        self.config = Tls(certificate=folder / "cert.pem", key=folder / "key.pem", **more)
        self.clock = Clock()
        begin = datetime.now(UTC)
        self.certificates = Certificates(
            self.config, self.clock, lambda: begin + timedelta(seconds=self.clock.seconds())
        )

    def look(self, times: int = 2) -> None:
        """A change counts when two looks see the same."""
        for _ in range(times):
            self.clock.advance(LOOK_EVERY)

    @property
    def context(self) -> ssl.SSLContext:
        return self.certificates.context


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_certificate(tmp_path, life=(-DAY, 300 * DAY))
    return tmp_path


def test_files_that_stay_as_they_are_are_read_once(folder: Path, said: list[str]) -> None:
    house = House(folder)
    before = house.context
    house.look(10)
    assert house.context is before
    assert said == []


def test_a_new_certificate_counts_when_its_files_have_settled(folder: Path, said: list[str]) -> None:
    house = House(folder)
    before = house.certificates.context
    write_certificate(folder, names=["new.example.com"], life=(-DAY, 300 * DAY))
    house.look(1)
    assert house.context is before
    house.look(1)
    assert house.certificates.context is not before
    assert house.certificates.context.end_point != before.end_point
    (line,) = said
    assert line.startswith(
        f"info new connections get the certificate {folder}/cert.pem for new.example.com, valid until "
    )


def test_a_pair_that_is_half_written_is_waited_for(folder: Path, said: list[str]) -> None:
    house = House(folder)
    before, key = house.context, (folder / "key.pem").read_bytes()
    write_certificate(folder, life=(-DAY, 300 * DAY))
    new_key = (folder / "key.pem").read_bytes()
    (folder / "key.pem").write_bytes(key)
    house.look(1)
    (folder / "key.pem").write_bytes(new_key)
    house.look(1)
    assert house.context is before
    assert said == []
    house.look(1)
    assert house.context is not before


BREAKAGES: list[tuple[Callable[[Path], object], str]] = [
    (lambda folder: (folder / "key.pem").unlink(), "{0}/key.pem: no such file"),
    (lambda folder: (folder / "cert.pem").write_text("nothing"), "{0}/cert.pem: not a certificate in PEM"),
    (lambda folder: (folder / "key.pem").write_text("nothing"), "{0}/key.pem: not a private key in PEM"),
    (lambda folder: (folder / "key.pem").write_bytes((folder / "other.pem").read_bytes()),
     "{0}/key.pem: the key does not belong to the certificate"),
]  # fmt: skip


@pytest.mark.parametrize(("breaks", "reason"), BREAKAGES)
def test_what_cannot_be_used_is_said_once_and_the_old_pair_stays(
    folder: Path, said: list[str], breaks: Callable[[Path], object], reason: str
) -> None:
    key = write_certificate(folder, life=(-DAY, 300 * DAY))
    (folder / "other").mkdir()
    (folder / "other.pem").write_bytes(pem_of(write_certificate(folder / "other")))
    house = House(folder)
    before = house.context
    breaks(folder)
    house.look(10)
    assert house.context is before
    assert said == [f"error cannot use {reason.format(folder)}; the certificates stay as they were"]
    write_certificate(folder, key, life=(-DAY, 300 * DAY))
    house.look()
    assert house.context is not before


def test_others_and_the_authorities_of_clients_are_watched_too(folder: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    write_certificate(other, names=["other.example.com"])
    authority = Authority(tmp_path, "authority")
    pair = OtherCertificate(certificate=other / "cert.pem", key=other / "key.pem")
    house = House(folder, others=(pair,), client_certificates=ClientCertificates(authorities=authority.file))
    for change in (
        lambda: write_certificate(other, names=["new.example.com"]),
        lambda: Authority(tmp_path, "authority"),
    ):
        before = house.context
        change()
        house.look()
        assert house.context is not before


def test_a_reload_takes_what_the_new_configuration_names_at_once(folder: Path, tmp_path: Path) -> None:
    house = House(folder)
    before = house.context
    broken = Tls(certificate=tmp_path / "none.pem", key=folder / "key.pem")
    assert house.certificates.renew(broken) == f"cannot use {tmp_path}/none.pem: no such file"
    assert house.context is before
    assert (
        house.certificates.renew(Tls(certificate=folder / "cert.pem", key=folder / "key.pem", minimum_version="1.3"))
        is None
    )
    assert house.context.minimum_version is ssl.TLSVersion.TLSv1_3


def test_who_stops_looks_no_more(folder: Path) -> None:
    house = House(folder)
    house.certificates.stop()
    assert house.clock.getDelayedCalls() == []


def test_a_listener_that_begins_with_unusable_files_does_not_begin(folder: Path) -> None:
    (folder / "key.pem").unlink()
    with pytest.raises(UnusableTls):
        House(folder)


# --- expiry -----------------------------------------------------------------------------------------------------


def advance(house: House, days: float) -> None:
    """Let time pass, a quarter of a day at a time."""
    for _ in range(round(days * 4)):
        house.clock.advance(DAY.total_seconds() / 4)


def test_the_log_warns_of_expiry_in_the_last_two_weeks_once_a_day_and_then_complains(
    tmp_path: Path, said: list[str]
) -> None:
    write_certificate(tmp_path, life=(-60 * DAY, 15 * DAY + MINUTE))
    house = House(tmp_path)
    advance(house, 1)
    assert said == []
    advance(house, 13)
    levels = [line.partition(" ")[0] for line in said]
    assert levels == ["warn"] * 13
    assert f"the certificate {tmp_path}/cert.pem expires in 13 days, on " in said[0]
    said.clear()
    advance(house, 4)
    assert [line.partition(" ")[0] for line in said] == ["warn", "error", "error", "error"]
    assert "expires within a day" in said[0]
    assert said[1].endswith(" UTC: clients refuse it")


def test_a_certificate_that_lives_for_days_is_warned_of_in_its_last_third(tmp_path: Path, said: list[str]) -> None:
    write_certificate(tmp_path, life=(-1 * DAY, 5 * DAY + MINUTE))
    house = House(tmp_path)
    advance(house, 2.75)
    assert said == []
    advance(house, 0.5)
    assert [line.partition(",")[0] for line in said] == [f"warn the certificate {tmp_path}/cert.pem expires in 1 day"]


def test_a_renewed_certificate_is_not_warned_of(tmp_path: Path, said: list[str]) -> None:
    write_certificate(tmp_path, life=(-80 * DAY, 10 * DAY))
    house = House(tmp_path)
    assert len(said) == 1
    write_certificate(tmp_path, life=(-DAY, 90 * DAY))
    house.look()
    assert house.certificates.renew(house.config) is None
    said.clear()
    advance(house, 3)
    assert said == []


@pytest.mark.parametrize("life", [(-2 * DAY, -DAY), (DAY, 90 * DAY)])
def test_a_certificate_that_is_not_valid_today_is_an_error_at_once(
    tmp_path: Path, said: list[str], life: tuple[timedelta, timedelta]
) -> None:
    write_certificate(tmp_path, life=life)
    House(tmp_path)
    assert [line.partition(" ")[0] for line in said] == ["error"]
