"""A profile for people to fill in, made for a contract."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from authproof.hooks import HOOKS
from authproof.profile import SECRETS, Part
from authproof_spec import Application, Contract

_PARTS = {
    Part.ORDINARY: "an account without special permissions; most probes use it",
    Part.PRIVILEGED: "an account that holds the permissions of the contract",
    Part.OTHER: "a second ordinary account, whose objects the first one must not reach",
    Part.DISABLED: "an account that is disabled, with its right password",
    Part.SECOND_FACTOR: "an account with a second factor",
    Part.OTHER_SECOND_FACTOR: "a second one of these, whose codes must not answer for the first",
}
_NAMES = frozenset({"email", "username", "name"})
"""What each account has of its own, so that no value of the document can stand for it."""
_GUARDED = frozenset({Part.SECOND_FACTOR, Part.OTHER_SECOND_FACTOR})
_HEAD = """\
# What the target is and how to get in. Every text may be plain, env:NAME or file:PATH (from this file's folder).
# Use accounts made for testing: a run logs in and out, and fails to log in a few times. Leave out what you do not have:
# what an account or a hook is missing for is skipped, and the report says so.
"""
_BUDGET = """
# [budget]                             # what a run may spend; these are the defaults
# requests = 600
# failed_logins = 5
# seconds = 300
# wait = 90                            # of them, for a token to expire
# retry_after = 600                    # beside them, for a target that limits requests
# rate = 5                             # requests a second; without limit when absent
"""
_PARAMETERS = """
# [parameters]                         # values of parameters by name, where no list, example or schema gives a good one
# organisationId = "acme"
# [parameters."GET /reports/{reportId}"]
# reportId = 17
"""
_WAIVER = """
# [[waivers]]                          # a known failure that is excused until a date
# id = "COOKIE-03"
# reason = "the front end moves to one site in spring"
# expires = 2027-03-31
"""


@dataclass(frozen=True, slots=True)
class AccountForm:
    """What the accounts of an application have to give: the attributes that its first login asks for; the further ones may take more.

    told: see Login.
    """

    application: str
    attributes: Sequence[str]
    told: Mapping[str, str] = field(default_factory=dict)
    second_factor: bool = False


def account_forms(contract: Contract) -> list[AccountForm]:
    """The forms of the accounts of `contract`."""
    return [_form(application) for application in contract.applications.values()]


def profile_text(accounts: Sequence[AccountForm], url: str, source: str | None, overlays: Sequence[str] = (), origin: str = "") -> str:
    """A profile for a target at `url`.

    source, overlays: paths or URLs; a source of None is the bundled document. origin: where the URL was taken from.
    """
    return "".join([_HEAD, *_target(url, source, overlays, origin), *_accounts(accounts), *_hooks(), _PARAMETERS, _BUDGET, _WAIVER])


def _form(application: Application) -> AccountForm:
    login = application.logins[0]
    attributes = list(dict.fromkeys(login.credentials.values()))
    return AccountForm(application.name, attributes, login.told, second_factor=application.second_factor is not None)


def _target(url: str, source: str | None, overlays: Sequence[str], origin: str) -> Iterator[str]:
    yield f"\n[target]\nurl = {_quoted(url)}{f'  # {origin}' if origin else ''}\n"
    if source:
        yield f"contract = {_quoted(source)}\n"
    if overlays:
        yield f"overlays = [{', '.join(_quoted(overlay) for overlay in overlays)}]\n"
    yield '# ca = "ca.pem"                      # certificate authorities to trust, when not those of this machine\n'
    yield "# unsafe_methods = true               # ask operations that write, too, on a target that is not on loopback\n"
    yield '# signing_key = "file:signing.pem"   # what the target signs its tokens with: more can then be tested\n'


def _accounts(accounts: Sequence[AccountForm]) -> Iterator[str]:
    for form in accounts:
        for part, words in _PARTS.items():
            if part in _GUARDED and not form.second_factor:
                continue
            # The first account is the one that nothing works without.
            mark = "" if part is Part.ORDINARY else "# "
            yield f"\n# {words}\n{mark}[accounts.{_key(form.application)}.{part}]\n"
            for attribute in form.attributes:
                yield f"{mark}{_key(attribute)} = {_quoted(_example(form, part, attribute))}\n"
            if part in _GUARDED:
                yield f"{mark}totp_secret = {_quoted('env:' + _variable(form.application, part, 'totp_secret'))}\n"
        yield f"\n# a role of your own, by any other name: what its permissions open must serve it, everything else must answer 403\n# [accounts.{_key(form.application)}.auditor]\n"
        yield from (f"# {_key(attribute)} = {_quoted(_example(form, 'auditor', attribute))}\n" for attribute in form.attributes)
        yield '# permissions = ["user:read"]           # as the document names them\n'


def _example(form: AccountForm, part: str, attribute: str) -> str:
    if attribute in SECRETS:
        return "env:" + _variable(form.application, part, attribute)
    if attribute in _NAMES:
        return f"{part}@example.com" if attribute == "email" else attribute
    return form.told.get(attribute, attribute)


def _variable(*words: str) -> str:
    return "_".join(re.sub(r"[^A-Z0-9]", "_", re.sub(r"([a-z])([A-Z])", r"\1_\2", word).upper()) for word in words)


def _hooks() -> Iterator[str]:
    yield "\n# Ways to change the target behind its API: a call of a URL, or a command. What stands in braces is replaced.\n"
    for name, words in HOOKS.items():
        yield f"# {f'[hooks.{name}]':<36} # {words[0].lower()}{words[1:].removesuffix('.')}\n"
    yield '# url = "http://127.0.0.1:9000/test/clock"\n# body = { seconds = "{seconds}" }\n# command = ["manage", "disable", "{email}"]\n'


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _key(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else _quoted(name)
