"""No edge answers a release's health check with a page of the release before.

An edge keeps a page by its path alone, so that no query or header of a health check gets past its copy. That is why a
release has CloudFront forget the pages before it asks for health, and why it waits for `cdn.page_ttl_seconds` when
CloudFront won't.
"""

from __future__ import annotations

from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Any

import pytest

from adelie.cdn.cache import API_CACHE_POLICY_ID
from stacks.environment import Environment
from stacks.loader import load_all
from tests.support import Synthesized, references
from tools.release import health

KEYS = {
    "cookies_config": "cookie_behavior",
    "headers_config": "header_behavior",
    "query_strings_config": "query_string_behavior",
}


def behavior(stack: Synthesized, path: str) -> dict[str, Any]:
    """The cache behaviour that a path gets: the first pattern that matches, else the default."""
    distribution = stack.only("aws_cloudfront_distribution")
    ordered = [each for each in distribution["ordered_cache_behavior"] if fnmatchcase(path, each["path_pattern"])]
    return ordered[0] if ordered else distribution["default_cache_behavior"]


@pytest.mark.parametrize("name", [each.name for each in load_all()])
def test_what_health_asks_for_is_not_kept_or_is_forgotten(
    name: str, platforms: Mapping[str, Synthesized], environments: Mapping[str, Environment]
) -> None:
    stack, environment, kept = platforms[name], environments[name], 0
    for path in (health.PAGE, *health.paths(environment)):
        wanted = behavior(stack, path)["cache_policy_id"]
        if wanted == API_CACHE_POLICY_ID:
            continue
        kept += 1
        (address,) = references(wanted)
        policy = stack.resources("aws_cloudfront_cache_policy")[address.partition(".")[2]]
        assert policy["max_ttl"] <= environment.cdn.page_ttl_seconds, path
        key = policy["parameters_in_cache_key_and_forwarded_to_origin"]
        assert {key[part][rule] for part, rule in KEYS.items()} == {"none"}, path
    assert kept
