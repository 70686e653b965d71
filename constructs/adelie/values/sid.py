"""Statement ids for grants on things that have a name. Pure: no cdktf import."""

from __future__ import annotations


def sid(verb: str, name: str, noun: str = "") -> str:
    """A statement id that stays unique where a role has the same grant on several resources.

    >>> sid("Read", "jwt-secret")
    'ReadJwtSecret'
    """
    return verb + "".join(word.capitalize() for word in name.split("-")) + noun
