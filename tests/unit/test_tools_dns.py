"""The DNS, asked: a name server on this machine in place of the public resolvers."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator, Mapping

import dns.rcode
import pytest

from tests.local_dns import Answer, LocalDns
from tools.release.dns import BrokenDnsError, Caa, NoDnsError, PublicDns

Start = Callable[[Mapping[tuple[str, str], Answer]], PublicDns]


@pytest.fixture
def resolver() -> Iterator[Start]:
    started: list[LocalDns] = []

    def start(answers: Mapping[tuple[str, str], Answer]) -> PublicDns:
        started.append(LocalDns(answers))
        return PublicDns(["127.0.0.1"], started[-1].port)

    yield start
    for server in started:
        server.stop()


def test_name_servers_are_lower_case_without_a_final_dot(resolver: Start) -> None:
    public = resolver({("example.com", "NS"): ["NS-1.awsdns-01.org.", "ns-2.awsdns-02.com."]})
    assert public.name_servers("example.com") == {"ns-1.awsdns-01.org", "ns-2.awsdns-02.com"}


@pytest.mark.parametrize("answers", [{}, {("example.com", "NS"): []}], ids=["no such name", "no such record"])
def test_what_there_is_not_is_empty(resolver: Start, answers: Mapping[tuple[str, str], Answer]) -> None:
    assert resolver(answers).name_servers("example.com") == frozenset()
    assert resolver(answers).caa("example.com") == []


def test_caa_records_have_a_tag_and_a_value(resolver: Start) -> None:
    records: list[str] = ['0 issue "amazon.com; policy=ev"', '0 issue ";"', '0 IODEF "mailto:security@example.com"']
    assert set(resolver({("example.com", "CAA"): records}).caa("example.com")) == {
        Caa("issue", "amazon.com; policy=ev"),
        Caa("issue", ";"),
        Caa("iodef", "mailto:security@example.com"),
    }


def test_a_resolver_that_gets_no_answer_itself_is_broken_dns(resolver: Start) -> None:
    with pytest.raises(BrokenDnsError):
        resolver({("example.com", "NS"): dns.rcode.SERVFAIL}).name_servers("example.com")


def test_a_resolver_that_waits_for_the_names_own_servers_is_broken_dns(
    resolver: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It waits longer for servers that are silent than we wait for it."""
    monkeypatch.setattr("tools.release.dns._PATIENCE_SECONDS", 0.2)
    with pytest.raises(BrokenDnsError):
        resolver({("example.com", "NS"): None, (".", "NS"): ["a.root-servers.net."]}).name_servers("example.com")


def test_no_resolver_is_no_dns(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        monkeypatch.setattr("tools.release.dns._PATIENCE_SECONDS", 0.2)
        with pytest.raises(NoDnsError):
            PublicDns(["127.0.0.1"], silent.getsockname()[1]).name_servers("example.com")
