"""The grants of public clients, said by Authlib and made strict: PKCE with S256 always, codes and tokens used once.

Authlib would let a request without a challenge through, default to ``plain``, save a token before it deletes its code
and rotate no refresh token. Here the code or token was read and locked before; what these classes decide is left on the
server and written afterwards, in the same transaction.
"""

from __future__ import annotations

from typing import Any

from authlib.oauth2.rfc6749 import InvalidRequestError  # type: ignore[import-untyped]
from authlib.oauth2.rfc6749.grants import AuthorizationCodeGrant, RefreshTokenGrant  # type: ignore[import-untyped]
from authlib.oauth2.rfc7636 import CodeChallenge  # type: ignore[import-untyped]
from authlib.oauth2.rfc7636.challenge import compare_s256_code_challenge  # type: ignore[import-untyped]

from scmhub.identity.login_grants import Presented

_METHODS = ["none"]


class Pkce(CodeChallenge):  # type: ignore[misc]
    """S256 and nothing else, in every request."""

    DEFAULT_CODE_CHALLENGE_METHOD = "S256"
    SUPPORTED_CODE_CHALLENGE_METHOD = ["S256"]
    CODE_CHALLENGE_METHODS = {"S256": compare_s256_code_challenge}

    def validate_code_challenge(self, grant: Any, redirect_uri: str) -> None:
        given = grant.request.payload.data
        if given.get("code_challenge_method") != "S256" or len(given.get("code_challenge", "")) != 43:
            raise InvalidRequestError
        super().validate_code_challenge(grant, redirect_uri)


class CodeGrant(AuthorizationCodeGrant):  # type: ignore[misc]
    """From a login to a code, and from a code to tokens."""

    TOKEN_ENDPOINT_AUTH_METHODS = _METHODS

    def save_authorization_code(self, code: str, request: Any) -> None:
        """Kept by whoever asked for this response."""

    def query_authorization_code(self, code: str, client: Any) -> Presented | None:
        return usable(self.server)

    def authenticate_user(self, authorization_code: Presented) -> str:
        return authorization_code.subject

    def delete_authorization_code(self, authorization_code: Presented) -> None:
        self.server.accepted = authorization_code


class RefreshGrant(RefreshTokenGrant):  # type: ignore[misc]
    """From one refresh token to the next."""

    TOKEN_ENDPOINT_AUTH_METHODS = _METHODS
    INCLUDE_NEW_REFRESH_TOKEN = True

    def authenticate_refresh_token(self, refresh_token: str) -> Presented | None:
        return usable(self.server)

    def authenticate_user(self, refresh_token: Presented) -> str:
        return refresh_token.subject

    def revoke_old_credential(self, refresh_token: Presented) -> None:
        self.server.accepted = refresh_token


def usable(server: Any) -> Presented | None:
    """What was presented, unless it was used before: then the server says so, and its grant will end."""
    presented: Presented | None = server.presented
    if presented is None or not presented.is_used:
        return presented
    server.replayed = presented
    return None
