"""An OpenID Connect issuer as a process of its own: ``python issuer_process.py PORT``. It logs in whoever it is told to.

``POST /be`` with claims and a ``defect`` says who logs in next and what is wrong about it; everything else is as the
specification has it. No part of the hub is used.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import secrets
import sys
import time
from typing import Any
from urllib.parse import parse_qsl, unquote, urlencode

import uvicorn
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey

CLIENT, SECRET = "hub-at-issuer", "s3cret: with signs"


class Issuer:
    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.key = ECKey.generate_key("P-256", {"kid": "one", "use": "sig"}, private=True)
        self.foreign = ECKey.generate_key("P-256", {"kid": "one"}, private=True)
        self.who: dict[str, Any] = {"sub": "ben", "roles": ["planners"]}
        self.defect = ""
        self.codes: dict[str, dict[str, str]] = {}
        self.asked = self.hanging = 0
        """How often a machine has asked, and how many of them wait for their answer."""
        self.goes_on = asyncio.Event()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        query = dict(parse_qsl(scope["query_string"].decode()))
        headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        await self.pause(scope["path"])
        status, answer, extra = self.answer(scope["path"], query, body, headers)
        content = json.dumps(answer).encode()
        if self.defect == "huge " + scope["path"]:
            content = b"[" + b" " * 10_000_000 + b"]"
        fixed = {"content-type": "application/json", "content-length": str(len(content)), **extra}
        shown = [(name.encode(), value.encode()) for name, value in fixed.items()]
        await send({"type": "http.response.start", "status": status, "headers": shown})
        await send({"type": "http.response.body", "body": content})

    async def pause(self, path: str) -> None:
        """Hang, if that is the defect, until told to be otherwise."""
        if path in ("/authorize", "/be", "/hanging"):
            return
        self.asked += 1
        if self.defect == "hang":
            self.hanging += 1
            await self.goes_on.wait()
            self.hanging -= 1

    def answer(self, path: str, query: dict[str, str], body: bytes, headers: dict[str, str]) -> tuple[int, Any, dict[str, str]]:
        if self.defect == "redirect " + path:
            return 302, {}, {"location": f"{self.url}/elsewhere{path}"}
        match path.removeprefix("/elsewhere"):
            case "/.well-known/openid-configuration":
                return 200, self.document(), {}
            case "/jwks":
                return 200, {"keys": [self.key.as_dict(private=False)]}, {}
            case "/authorize":
                return self.authorize(query)
            case "/token":
                return self.token(dict(parse_qsl(body.decode())), headers)
            case "/hanging":
                return 200, {"hanging": self.hanging, "asked": self.asked}, {}
            case "/be":
                given = json.loads(body)
                self.defect = given.pop("defect", "")
                self.goes_on.set()
                self.goes_on = asyncio.Event()
                self.who = given
                return 200, {}, {}
        return 404, {}, {}

    def document(self) -> dict[str, str]:
        issuer = "https://other.example" if self.defect == "other discovery" else self.url
        inside = "http://10.0.0.1" if self.defect == "private keys" else self.url
        return {
            "issuer": issuer, "authorization_endpoint": f"{self.url}/authorize", "token_endpoint": f"{self.url}/token",
            "jwks_uri": f"{inside}/jwks",
        }

    def authorize(self, query: dict[str, str]) -> tuple[int, Any, dict[str, str]]:
        code = secrets.token_urlsafe(16)
        self.codes[code] = query
        back = {"code": code, "state": query["state"]}
        if self.defect == "foreign iss":
            back["iss"] = "https://other.example"
        return 302, {}, {"location": f"{query['redirect_uri']}?{urlencode(back)}"}

    def token(self, form: dict[str, str], headers: dict[str, str]) -> tuple[int, Any, dict[str, str]]:
        asked = self.codes.pop(form.get("code", ""), None)
        name, _, secret = base64.b64decode(headers["authorization"].removeprefix("Basic ")).decode().partition(":")
        challenge = base64.urlsafe_b64encode(hashlib.sha256(form["code_verifier"].encode()).digest()).rstrip(b"=").decode()
        if asked is None or (unquote(name), unquote(secret)) != (CLIENT, SECRET) or challenge != asked["code_challenge"]:
            return 400, {"error": "invalid_grant"}, {}
        answer = {"access_token": "opaque", "token_type": "Bearer", "expires_in": 60, "id_token": self.id_token(asked)}
        if self.defect == "no id_token":
            del answer["id_token"]
        return 200, answer, {}

    def id_token(self, asked: dict[str, str]) -> str:
        now = int(time.time())
        claims = {
            "iss": self.url, "aud": CLIENT, "exp": now + 60, "iat": now, "nonce": asked["nonce"], "auth_time": now, **self.who,
        }
        claims |= {
            "wrong aud": {"aud": "somebody"}, "wrong azp": {"aud": [CLIENT, "x"], "azp": "x"}, "no azp": {"aud": [CLIENT, "x"]},
            "wrong nonce": {"nonce": "another"}, "no nonce": {"nonce": None}, "other issuer": {"iss": "https://other.example"},
            "list issuer": {"iss": [self.url]}, "expired": {"exp": now - 40}, "future": {"iat": now + 3600, "nbf": now + 3600},
            "old login": {"auth_time": now - 3600}, "no auth_time": {"auth_time": None}, "no sub": {"sub": ""},
            "wrong at_hash": {"at_hash": "AAAA"},
        }.get(self.defect, {})
        if self.defect == "alg none":
            parts = [base64.urlsafe_b64encode(json.dumps(each).encode()).rstrip(b"=").decode() for each in ({"alg": "none"}, claims)]
            return ".".join([*parts, ""])
        if self.defect == "hs256":
            public = json.dumps(self.key.as_dict(private=False)).encode()
            return jwt.encode({"alg": "HS256", "kid": "one"}, claims, OctKey.import_key(public), algorithms=["HS256"])
        key = self.foreign if self.defect == "other key" else self.key
        return jwt.encode({"alg": "ES256", "kid": "one"}, claims, key, algorithms=["ES256"])


if __name__ == "__main__":
    uvicorn.run(Issuer(int(sys.argv[1])), host="127.0.0.1", port=int(sys.argv[1]), log_level="error", lifespan="off")
