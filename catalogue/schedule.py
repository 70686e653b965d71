"""Points in time that repeat, as cron writes them."""

from __future__ import annotations

import re
from typing import Annotated, Final, Literal

from pydantic import AfterValidator

from catalogue.settings import reject

TimeZone = Literal["Asia/Seoul", "UTC"]
"""The IANA time zone that a schedule is read in; neither of them has daylight-saving time."""

_NUMBERS: Final = r"\*(/[0-9]+)?|[0-9]+(-[0-9]+)?(/[0-9]+)?(,[0-9]+(-[0-9]+)?(/[0-9]+)?)*"
_DAY: Final = "(MON|TUE|WED|THU|FRI|SAT|SUN)"
_FIELDS: Final = (
    ("minute", _NUMBERS, range(60)),
    ("hour", _NUMBERS, range(24)),
    ("day of the month", _NUMBERS, range(1, 32)),
    ("month", _NUMBERS, range(1, 13)),
    ("day of the week", rf"\*|{_DAY}(-{_DAY})?(,{_DAY}(-{_DAY})?)*", None),
)
_EXAMPLE: Final = "write for example 0 18 * * MON-FRI"


def _check(expression: str) -> str:
    fields = expression.split()
    if len(fields) != len(_FIELDS):
        rule = "must be five fields (minute, hour, day of the month, month, day of the week)"
        reject("", rule, expression, _EXAMPLE)
    for (name, pattern, allowed), text in zip(_FIELDS, fields, strict=True):
        fits = re.fullmatch(pattern, text)
        if not fits or (allowed and any(int(number) not in allowed for number in re.findall(r"(?<!/)\b\d+", text))):
            reject("", f"must have a valid {name}", expression, f"replace {text!r}")
    # cron runs when either of the two fits, others when both do: nobody means that by accident.
    if fields[2] != "*" and fields[4] != "*":
        reject("", "must leave day of the month or day of the week open", expression, "write * for one of them")
    return expression


Crontab = Annotated[str, AfterValidator(_check)]
"""A crontab's five fields; days of the week by name, because cron and AWS number them differently."""
