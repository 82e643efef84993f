"""Taking secrets out of events before they are written anywhere.

Found are: values whose name says that they are secret (`password`, `API_KEY`, `clientSecret`), also as `name` and
`value` of an environment variable or a parameter; passwords in URLs and connection strings; `key=value`,
`IDENTIFIED BY` and the like in SQL, commands and messages; tokens and keys that show by their form; and the values of
this process's environment variables with such names, wherever they are. More patterns can be added.

Names of jobs and datasets lose only what their form shows to be secret, the same everywhere, so that lineage joins.
"""

import json
import os
import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

REDACTED = "[redacted]"

_SHORTEST = 8
"""A shorter value of an environment variable is not looked for: it might be any word."""

_FOLDERS = ("PWD", "OLDPWD")
"""Where a shell is and was: not a password, and a prefix of every path that lineage is about."""

_KEY = r"(?:api|access|account|private|secret|shared|master|encryption|signing|auth|client|consumer|subscription|ssh)"
_SECRET_NAME = re.compile(
    rf"(?:.*(?:password|passwd|passphrase|secret)|(?:.*_)?(?:pass(?:code)?|pwd|tokens?|credentials?|auth(?:orization)?"
    rf"|cookies?|sas|signature|dsn|{_KEY}_?(?:access_?)?keys?|conn(?:ection)?_?(?:str(?:ing)?|uri|url)))s?(?:_?value|_?\d+)?"
)
_COUNT = re.compile(r"(?:.*_)?(?:max|min|num|n|prompt|completion|total|input|output|stop|count|new|cached)_tokens")
"""A number of a language model's tokens."""

_WORD = (
    rf"(?:(?:password|passwd|passphrase|secret|apikey|accesskey|accountkey|accesssignature)(?:[_.-]?(?:access[_.-]?)?key)?"
    rf"|(?<![a-z])(?:pass|pwd|token|credentials?|authorization|sig|signature|key_id|{_KEY}[_.-]?(?:access[_.-]?)?key))"
)
"""A word in a text behind which a secret may stand. It is looked for alone, as a long prefix would cost time."""
_QUOTED = r"'(?:[^'\\]|''|\\.)*'|\"(?:[^\"\\]|\"\"|\\.)*\"|\$\$.*?\$\$"
_OPEN_QUOTE = r"['\"][^'\"]*$"  # cut off, as messages are

_BY_FORM: tuple[tuple[str, str], ...] = (
    (r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)", REDACTED),
    (r"(?<=://)[^\s/:@'\"]{0,200}:(?!\d{1,5}(?:[/?#\s]|$))[^\s'\"]{0,400}?@(?![^\s/'\"]{0,400}@)", f"{REDACTED}@"),
    (r"\b(bearer)\s+(?=\S{0,100}\d)[^\s,;'\"()]{16,}", rf"\1 {REDACTED}"),
    (
        rf"({_WORD}['\"]?\s*(?:=>|:=|[:=])\s*(?:(?:bearer|basic)\s+)?)(?!\[redacted\])(?:{_QUOTED}|{_OPEN_QUOTE}|[^\s;&,'\")}}\]]+)",
        rf"\1{REDACTED}",
    ),
    (
        rf"((?:{_WORD}|\bidentified\s+(?:with\s+\S+\s+)?(?:by|as))\s+(?:as\s+)?)(?:{_QUOTED}|{_OPEN_QUOTE})",
        rf"\1{REDACTED}",
    ),
    (r"(\bidentified\s+by\s+)[^\s;,'\"\[]+", rf"\1{REDACTED}"),
    (r"(\s--?(?:password|passwd|token|secret|api-key)\s+)[^\s\[]+", rf"\1{REDACTED}"),
    (r"\beyJ[\w-]{8,}\.[\w-]+\.[\w-]*", REDACTED),  # a JSON Web Token
    (r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b", REDACTED),
    (
        r"\b(?:gh[pousr]_\w{20,}|github_pat_\w{20,}|glpat-[\w-]{16,}|xox[abeprs]-[\w-]{10,}|AIza[\w-]{30,}|sk-[\w-]{20,}"
        r"|[rs]k_(?:live|test)_\w{16,}|dapi[0-9a-f]{32}|hf_\w{30,}|npm_\w{30,}|pypi-[\w-]{30,})",
        REDACTED,
    ),
)
_COMPILED = tuple((re.compile(form, re.IGNORECASE | re.DOTALL), instead) for form, instead in _BY_FORM)

_HINTS = (
    *("pass", "pwd", "secret", "token", "credential", "auth", "cookie", "sas", "sig", "dsn", "conn", "private key"),
    *("_key", "-key", ".key", " key", "apikey", "accesskey", "accountkey", "privatekey", "sharedkey", "masterkey"),
    *("encryptionkey", "signingkey", "clientkey", "consumerkey", "subscriptionkey", "sshkey", "identified", "bearer"),
    *("eyj", "akia", "asia", "ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat", "glpat", "xox", "aiza"),
    *("sk-", "k_live", "k_test", "dapi", "hf_", "npm_", "pypi-"),
)
"""An event in which, in small letters, is none of these, and no user in a URL, has nothing that would be taken out."""
_USER_IN_URL = re.compile(r"://[^/\s\"]*@|://[^\s\"]*:[^\s\"]*@")

_REMEMBERED, _SHORT = 4_096, 200
"""How many harmless parts of events are remembered, about, and how long one may be."""

_PASSWORD_IN_URL = re.compile(r"://[^\s/:@]*:([^\s@]+)@")

_LITERAL = frozenset(("eventTime", "eventType", "runId", "schemaURL", "_schemaURL", "_producer", "producer"))
_BY_COLUMN = frozenset(("columnLineage", "lineage", "dataQualityMetrics"))
"""Facets with columns' names as keys: a column called `password` is no password."""


class Redaction:
    """What is taken out, ready to be applied.

    Args:
        patterns: further regular expressions; what they find is taken out of every text, names included.
        environment: where values of secret variables are taken from.

    Raises:
        ValueError: a pattern is no regular expression.
    """

    def __init__(self, patterns: Iterable[str] = (), environment: Mapping[str, str] = os.environ) -> None:
        self._added = tuple(_compiled(pattern) for pattern in patterns)
        self._known = tuple(sorted(_secrets(environment), key=len, reverse=True))
        self._known_in_json = tuple(json.dumps(value)[1:-1] for value in self._known)
        self._scrub = lru_cache(maxsize=1024)(self._scrubbed)
        self._harmless: set[str] = set()

    def suspects(self, text: str) -> bool:
        """Whether there may be something to take out of an event as JSON: a quick look that misses nothing."""
        if self._added or any(value in text for value in self._known_in_json):
            return True
        new = set(text.split('"')) - self._harmless
        if _hints_at_secrets('"'.join(new)):
            return True
        self._remember(new)
        return False

    def _remember(self, harmless: set[str]) -> None:
        """Most of an event stands in the one before, so what was looked at is not looked at again."""
        if len(self._harmless) > _REMEMBERED:
            self._harmless = set()
        self._harmless.update(part for part in harmless if len(part) <= _SHORT)

    def apply(self, event: Any) -> Any:
        """The event, as parsed JSON, without what has to be taken out."""
        return self._walk(event, by_column=False)

    def _walk(self, value: Any, by_column: bool) -> Any:
        if isinstance(value, str):
            return self._scrub(value, True)
        if isinstance(value, (list, tuple)):
            return [self._walk(element, by_column) for element in value]
        if not isinstance(value, dict):
            return value
        named = _is_secret(value["name"]) if isinstance(value.get("name"), str) else False
        identity = ("namespace", "name") if "namespace" in value and "name" in value else ()
        result = {}
        for key, child in value.items():
            if key in _LITERAL and isinstance(child, str):
                result[key] = child
            elif key in identity and isinstance(child, str):
                result[key] = self._scrub(child, False)
            elif _holds(child) and ((named and key in ("value", "sha256")) or (not by_column and _is_secret(key))):
                result[key] = REDACTED
            else:
                result[key] = self._walk(child, by_column or key in _BY_COLUMN)
        return result

    def _scrubbed(self, text: str, is_text: bool) -> str:
        if is_text:
            for value in self._known:
                text = text.replace(value, REDACTED)
        for form, instead in _COMPILED:
            text = form.sub(instead, text)
        for form in self._added:
            text = form.sub(REDACTED, text)
        return text


def _compiled(pattern: str) -> re.Pattern[str]:
    try:
        return re.compile(pattern)
    except re.error as error:
        raise ValueError(f"{pattern!r} is no regular expression: {error}") from None


def _hints_at_secrets(text: str) -> bool:
    """Whether there may be a secret in a text; the same as in its parts between double quotes."""
    small = text.lower()
    return any(hint in small for hint in _HINTS) or _USER_IN_URL.search(text) is not None


def _holds(value: Any) -> bool:
    """Whether there is something in it that could be secret."""
    return value is not None and not isinstance(value, bool) and value not in ("", [], {})


@lru_cache(maxsize=4096)
def _is_secret(name: str) -> bool:
    """Whether what is called so is secret."""
    plain = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name)
    plain = re.sub(r"[^a-z0-9]+", "_", plain.lower()).strip("_")
    return bool(_SECRET_NAME.fullmatch(plain)) and not _COUNT.fullmatch(plain)


def _secrets(environment: Mapping[str, str]) -> set[str]:
    """Values of the environment that are secret: by their variable's name, or as the password in a URL."""
    found = {value for name, value in environment.items() if _is_secret(name) and name not in _FOLDERS}
    for value in environment.values():
        if "://" in value:
            found.update(_PASSWORD_IN_URL.findall(value))
    return {value for value in found if len(value) >= _SHORTEST}
