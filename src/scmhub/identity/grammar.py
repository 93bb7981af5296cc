"""What OAuth requires of a token request, said by Authlib and made strict: a pure function of request and client.

Authlib's server is synchronous and asks for a client when it needs one. Here everything it may ask for was read before,
and what it decides is written afterwards, in the same transaction: no thread, no second connection, no callback.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from authlib.oauth2.rfc6749 import (  # type: ignore[import-untyped]
    AuthorizationServer,
    InvalidClientError,
    InvalidScopeError,
    OAuth2Request,
)
from authlib.oauth2.rfc6749.grants import ClientCredentialsGrant  # type: ignore[import-untyped]
from authlib.oauth2.rfc6749.requests import BasicOAuth2Payload  # type: ignore[import-untyped]
from authlib.oauth2.rfc7009 import RevocationEndpoint  # type: ignore[import-untyped]
from authlib.oauth2.rfc7523 import JWTBearerClientAssertion  # type: ignore[import-untyped]
from joserfc import jwt
from joserfc.errors import JoseError

from scmhub.identity.clients import Client
from scmhub.identity.code_grammar import CodeGrant, Pkce, RefreshGrant
from scmhub.identity.login_grants import Authorization, Presented
from scmhub.identity.public_clients import Frontend

ALGORITHMS = ["ES256", "RS256", "PS256"]
"""Signatures of client assertions that are accepted."""
LONGEST_ASSERTION = timedelta(minutes=5)
LEEWAY_SECONDS = 30
_METHODS = ["private_key_jwt", "client_secret_basic"]
# Authlib refuses plain http; TLS may end at a proxy, and nothing here reads the URL.
_URI = "https://hub.invalid/oauth"


@dataclass(slots=True)
class Outcome:
    """What the grammar decided: an answer, and what must be written before it is given."""

    status: int
    body: dict[str, Any]
    assertion: tuple[str, datetime] | None = None
    """Id and end of the assertion that was used."""
    revoke: str | None = None
    """The token to revoke."""
    accepted: Presented | None = None
    """The code or refresh token that is used up."""
    next_token: str | None = None
    """The refresh token that follows it."""
    replayed: Presented | None = None
    """A code or refresh token that was used before: its grant ends, although the answer is an error."""


_TEXTS = {
    "invalid_client": "The client did not prove who it is.",
    "invalid_grant": "The code or refresh token is not valid for this client.",
    "invalid_request": "A parameter is missing, malformed or not allowed here.",
    "invalid_scope": "The scope is unknown, or more than may be granted.",
    "unauthorized_client": "This client may not use this grant.",
    "unsupported_grant_type": "This client gets no token by this grant.",
    "unsupported_token_type": "The hub revokes access tokens and refresh tokens.",
    "unsupported_response_type": "The response type is code.",
    "access_denied": "Nobody who may do this is logged in.",
    "login_required": "Nobody is logged in.",
    "temporarily_unavailable": "Try again shortly.",
}
"""One text per error: what exactly was wrong helps a thief more than a developer, who finds it in the log."""


def refused(error: str) -> Outcome:
    """The answer for an error of OAuth."""
    return Outcome(401 if error == "invalid_client" else 400, error_body(error))


def error_body(error: str) -> dict[str, str]:
    return {"error": error, "error_description": _TEXTS.get(error, _TEXTS["invalid_request"])}


class _Request(OAuth2Request):  # type: ignore[misc]
    def __init__(self, form: dict[str, str], authorization: str | None = None, method: str = "POST") -> None:
        super().__init__(method, _URI, headers={"Authorization": authorization} if authorization else {})
        self.payload = BasicOAuth2Payload(form)

    @property
    def form(self) -> dict[str, str]:
        return self.payload.data  # type: ignore[no-any-return]


class _Assertion(JWTBearerClientAssertion):  # type: ignore[misc]
    """private_key_jwt: audience is the issuer alone, five minutes at most, an id that is used once."""

    CLIENT_AUTH_METHOD = "private_key_jwt"

    def __init__(self, issuer: str, now: datetime) -> None:
        super().__init__(validate_jti=False, leeway=LEEWAY_SECONDS)
        self.issuer = issuer
        self.now = now
        self.used: tuple[str, datetime] | None = None

    def resolve_client_public_key(self, client: Client) -> Client:
        return client  # keys are tried one by one below: a key set would choose by the caller's ``kid``

    def __call__(self, query_client: Any, request: Any) -> Client | None:
        assertion = request.form.get("client_assertion")
        if request.form.get("client_assertion_type") != self.CLIENT_ASSERTION_TYPE or not assertion:
            return None
        _, claims = self.extract_assertion(assertion)
        client = query_client(claims.get("sub"))
        if client is None:
            raise InvalidClientError
        return self._prove(client, assertion)

    def _prove(self, client: Client, assertion: str) -> Client:
        for credential, key in client.public_keys.items():
            try:
                claims = jwt.decode(assertion, key, algorithms=ALGORITHMS).claims
                self.verify_claims(claims)
            except (JoseError, ValueError, TypeError):
                continue
            until = datetime.fromtimestamp(claims["exp"], UTC) + timedelta(seconds=LEEWAY_SECONDS)
            client.used, self.used = credential, (claims["jti"], until)
            return client
        raise InvalidClientError

    def verify_claims(self, claims: Any) -> None:
        now = int(self.now.timestamp())
        needed: dict[str, Any] = {name: {"essential": True} for name in ("iss", "sub", "aud", "exp", "jti")}
        jwt.JWTClaimsRegistry(now=now, leeway=self.leeway, **needed).validate(claims)
        if claims["iss"] != claims["sub"] or claims["aud"] != self.issuer:
            raise ValueError("issuer and subject must be the client, the audience this hub's issuer")
        if claims["exp"] > now + LONGEST_ASSERTION.total_seconds() + self.leeway:
            raise ValueError("it lives too long")
        if not isinstance(claims["jti"], str) or not 1 <= len(claims["jti"]) <= 200:
            raise ValueError("it needs an id of 1 to 200 characters")


class _Grant(ClientCredentialsGrant):  # type: ignore[misc]
    TOKEN_ENDPOINT_AUTH_METHODS = _METHODS

    def validate_requested_scope(self) -> None:
        asked = self.request.payload.scope
        if asked is not None and not self.server.scopes_of(self.request.client, asked):
            raise InvalidScopeError


class _Revocation(RevocationEndpoint):  # type: ignore[misc]
    CLIENT_AUTH_METHODS = _METHODS
    SUPPORTED_TOKEN_TYPES = ("access_token", "refresh_token")

    def authenticate_token(self, request: Any, client: Client) -> str:
        self.check_params(request, client)
        return str(request.form["token"])

    def revoke_token(self, token: str, request: Any) -> None:
        self.server.revoke = token


class _PublicRevocation(_Revocation):
    CLIENT_AUTH_METHODS = ["none"]


class Server(AuthorizationServer):  # type: ignore[misc]
    """One request's authorization server."""

    def __init__(
        self, issuer: str, client: Client | Frontend | None, now: datetime, issue: Any, life: timedelta,
        presented: Presented | None = None, *, public: bool = False,
    ) -> None:  # fmt: skip
        """``issue`` (client, scopes) makes the access token; ``life`` is how long it lives.

        ``public``: the client claims to be a frontend; ``presented`` is the code or refresh token it shows.
        """
        super().__init__()
        self._client = client
        self._issue = issue
        self._life = life
        self._assertion = _Assertion(issuer, now)
        self._next_token: str | None = None
        self.presented = presented
        self.accepted: Presented | None = None
        self.replayed: Presented | None = None
        self.revoke: str | None = None
        if public:
            self.register_grant(CodeGrant, [Pkce(required=True)])
            self.register_grant(RefreshGrant)
        else:
            self.register_grant(_Grant)
        self.register_endpoint(_PublicRevocation if public else _Revocation)
        self.register_client_auth_method("private_key_jwt", self._assertion)
        self.register_token_generator("default", self._token)

    def token(self, form: dict[str, str], authorization: str | None) -> Outcome:
        """The answer to a token request."""
        if "grant_type" not in form:
            return refused("invalid_request")
        return self._outcome(self.create_token_response(_Request(form, authorization)))

    def authorization(self, query: dict[str, str]) -> Authorization:
        """A valid request for a code; OAuth2Error otherwise. Client and redirect URI were checked before."""
        request = _Request(query, method="GET")
        grant = self.get_consent_grant(request)
        return Authorization(request.payload.redirect_uri, frozenset(request.scope.split()), query["code_challenge"],
                             grant.generate_authorization_code())  # fmt: skip

    def revocation(self, form: dict[str, str], authorization: str | None) -> Outcome:
        """The answer to a revocation request."""
        return self._outcome(self.create_endpoint_response("revocation", _Request(form, authorization)))

    def _outcome(self, answer: tuple[int, dict[str, Any]]) -> Outcome:
        status, body = answer
        if error := body.get("error"):
            return replace(refused(error), assertion=self._assertion.used, replayed=self.replayed)
        return Outcome(status, body, self._assertion.used, self.revoke, self.accepted, self._next_token)

    def scopes_of(self, client: Client | Frontend, asked: str | None) -> frozenset[str]:
        """What the token will permit; empty if more is asked than the client may have."""
        wanted = client.token_scopes if asked is None else frozenset(asked.split())
        return wanted if wanted <= client.token_scopes else frozenset()

    def _token(
        self, client: Client | Frontend, scope: str | None, include_refresh_token: bool, **_: Any
    ) -> Mapping[str, Any]:
        scopes = self.scopes_of(client, scope)
        body: dict[str, Any] = {
            "access_token": self._issue(client, scopes),
            "token_type": "Bearer",
            "expires_in": int(self._life.total_seconds()),
            "scope": " ".join(sorted(scopes)),
        }
        if self.presented is not None and include_refresh_token:
            body["refresh_token"] = self._next_token = secrets.token_urlsafe(32)
        return body

    def query_client(self, client_id: object) -> Client | Frontend | None:
        found = self._client
        return found if found is not None and found.client_id == client_id else None

    def save_token(self, token: Any, request: Any) -> None:
        """Access tokens are not kept: they prove themselves."""

    def send_signal(self, name: str, *args: Any, **kwargs: Any) -> None:
        """Nobody listens."""

    def create_oauth2_request(self, request: Any) -> Any:
        return request

    def handle_response(self, status: int, body: Any, headers: Any) -> tuple[int, dict[str, Any]]:
        return status, dict(body) if body else {}
