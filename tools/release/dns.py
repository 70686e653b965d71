"""What the public DNS says, asked of public resolvers: this machine's own may know private zones."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol, cast

import dns.exception
import dns.resolver

RESOLVERS: Final = ("1.1.1.1", "8.8.8.8", "9.9.9.9")
"""Cloudflare's, Google's and Quad9's."""
_PATIENCE_SECONDS: Final = 6.0
_SECONDS_A_RESOLVER: Final = 2.0


class NoDnsError(Exception):
    """No resolver could be reached."""


class BrokenDnsError(Exception):
    """Resolvers answer, and say that the name's own name servers don't (SERVFAIL), or wait for these in vain."""


@dataclass(frozen=True)
class Caa:
    """One CAA record (RFC 8659): who may issue certificates."""

    tag: str
    """What it says: `issue`, `issuewild`, `iodef` ..., in lower case."""
    value: str
    """Whom it is about: a domain name, with parameters behind a semicolon; empty for nobody."""


class Dns(Protocol):
    """What is asked of the DNS. Both raise NoDnsError and BrokenDnsError."""

    def name_servers(self, zone: str) -> frozenset[str]:
        """The zone's name servers, in lower case without a final dot; none if nobody answers for such a zone."""
        ...

    def caa(self, name: str) -> Sequence[Caa]:
        """The CAA records at the name itself; none if it has none, or doesn't exist."""
        ...


class PublicDns:
    """The public DNS: a `Dns`."""

    def __init__(self, resolvers: Sequence[str] = RESOLVERS, port: int = 53) -> None:
        self._resolver = dns.resolver.Resolver(configure=False)
        self._resolver.nameservers = list(resolvers)
        self._resolver.port = port
        self._resolver.timeout = _SECONDS_A_RESOLVER
        self._resolver.lifetime = _PATIENCE_SECONDS

    def name_servers(self, zone: str) -> frozenset[str]:
        """See `Dns`."""
        return frozenset(str(each.target).rstrip(".").lower() for each in self._records(zone, "NS"))

    def caa(self, name: str) -> Sequence[Caa]:
        """See `Dns`."""
        return [Caa(each.tag.decode().lower(), each.value.decode()) for each in self._records(name, "CAA")]

    def _records(self, name: str, kind: str) -> Iterable[Any]:
        try:
            return self._resolver.resolve(name, kind, search=False)
        except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
            return ()
        except dns.resolver.NoNameservers as error:
            # (name server, over TCP, port, what was wrong, its answer if it gave one), for each that was asked
            if any(response is not None for *_, response in cast("Any", error).kwargs["errors"]):
                raise BrokenDnsError from error
            raise NoDnsError from error
        except dns.exception.DNSException as error:
            raise (BrokenDnsError if self._is_reached() else NoDnsError) from error

    def _is_reached(self) -> bool:
        """Whether a resolver answers at all: asked for the root, which none has to ask others for."""
        try:
            self._resolver.resolve(".", "NS")
        except dns.exception.DNSException:
            return False
        return True
