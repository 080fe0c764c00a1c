"""A hardware security module through PKCS#11: one logged-in session for all that a process does with it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import pkcs11
from pkcs11.exceptions import NoSuchToken, PinIncorrect, PKCS11Error, UserAlreadyLoggedIn

from watchbound.domain.errors import ConfigurationError, Unavailable
from watchbound.settings import Pkcs11Settings


class Token:
    """One token. Safe to share between threads: PKCS#11 sessions are not, so they take turns.

    Raises:
        ConfigurationError: there is no such module or token, or the PIN is wrong.
    """

    def __init__(self, module: Path, label: str, pin: str) -> None:
        self._lock = threading.RLock()
        self._label = label
        self._pin = pin
        try:
            self._token = pkcs11.lib(str(module)).get_token(token_label=label)
            self._session: pkcs11.Session | None = self._login()
        except NoSuchToken as error:
            msg = f"WATCHBOUND_PKCS11_TOKEN: the module {module} has no token {label!r}; list them with its own tool"
            raise ConfigurationError(msg) from error
        except PinIncorrect as error:
            msg = f"WATCHBOUND_PKCS11_PIN: the token {label!r} does not take it; a token locks after a few wrong ones"
            raise ConfigurationError(msg) from error
        except (PKCS11Error, RuntimeError, OSError) as error:
            msg = f"WATCHBOUND_PKCS11_MODULE: {module} cannot be used: {_told(error)}"
            raise ConfigurationError(msg) from error

    @contextmanager
    def session(self) -> Iterator[pkcs11.Session]:
        """The session, for this thread alone; after a failure the next one logs in anew.

        Raises:
            Unavailable: the module does not answer, or refuses.
        """
        with self._lock:
            try:
                if self._session is None:
                    self._session = self._login()
                yield self._session
            except PKCS11Error as error:
                self._session = None
                msg = f"the token {self._label!r} failed: {_told(error)}; see that the module is there"
                raise Unavailable(msg) from error

    def _login(self) -> pkcs11.Session:
        try:
            return self._token.open(rw=True, user_pin=self._pin)
        except UserAlreadyLoggedIn:
            # Logging in holds for the whole process; a new session needs no PIN of its own.
            return self._token.open(rw=True)


def open_token(settings: Pkcs11Settings) -> Token:
    """The token that is configured; the same one for everybody in this process, since a login is the process's.

    Raises:
        ConfigurationError: a setting is missing, or the token cannot be used as configured.
    """
    if settings.module is None or settings.token is None or settings.pin is None:
        msg = "a token needs WATCHBOUND_PKCS11_MODULE (its library), WATCHBOUND_PKCS11_TOKEN and WATCHBOUND_PKCS11_PIN"
        raise ConfigurationError(msg)
    return _opened(settings.module, settings.token, settings.pin.get_secret_value())


@cache
def _opened(module: Path, label: str, pin: str) -> Token:
    return Token(module, label, pin)


def _told(error: Exception) -> str:
    """The library's exceptions say most by their names."""
    return f"{type(error).__name__} {error}".strip()
