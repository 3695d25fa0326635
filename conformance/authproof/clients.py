"""Clients of the target that are logged in, for a project's own tests."""

from __future__ import annotations

import httpx

from authproof.lab import Lab, Script, Session
from authproof.profile import Part, Profile, ProfileError
from authproof.runner import Runner, Unreachable
from authproof.target import Target, trust_of
from authproof_spec import Application, Contract


class Clients:
    """Logs accounts of the profile in, gives a client for each, and logs them out at the end."""

    def __init__(self, contract: Contract, profile: Profile) -> None:
        """Nothing is sent yet. Raises ProfileError when `profile` does not fit `contract`."""
        profile.check_against(contract)
        self._contract, self._profile = contract, profile
        self._target = Target(profile)
        self._lab = Lab(contract, profile)
        self._runner = Runner(self._lab, self._target)
        self._clients: dict[tuple[str, Part], httpx.Client] = {}

    def client(self, application: str, part: str = Part.ORDINARY) -> httpx.Client:
        """A client with the access token of the account that plays `part`, the same one each time; paths count from the target's URL.

        Raises ProfileError when there is no such account, or when it cannot log in.
        """
        key = application, Part(part)
        if key not in self._clients:
            self._clients[key] = self._new_client(*key)
        return self._clients[key]

    def _new_client(self, name: str, part: Part) -> httpx.Client:
        application, account = self._contract.applications.get(name), self._profile.account(name, part)
        if application is None or account is None:
            raise self._profile.problem(f"accounts.{name}.{part}: the profile has no such account. Mend: add it.")
        opened: list[Session] = []

        def log_in() -> Script:
            opened.append((yield from self._lab.log_in(application, account)))

        try:
            self._runner.run("log_in", application, log_in())
        except Unreachable as why:
            raise ProfileError(f"{self._profile.url} does not answer: {why}. Mend: {why.mend}.") from why
        if not opened:
            reason = self._runner.outcomes["log_in", name].reason
            raise self._profile.problem(f"accounts.{name}.{part}: {reason} Mend: check its attributes.")
        return self._client_of(application, opened[0])

    def _client_of(self, application: Application, session: Session) -> httpx.Client:
        headers, cookies = self._lab.credential(application, session.access_token)
        return httpx.Client(base_url=self._profile.url, headers=dict(headers), cookies=cookies, verify=trust_of(self._profile), trust_env=False)

    def close(self) -> None:
        """Log every account out, and close the clients."""
        for client in self._clients.values():
            client.close()
        self._runner.clean_up()
        self._target.close()
