"""Forged tokens: tokens that the service would never issue."""

import hashlib
import hmac
import json
import threading
import time
from base64 import urlsafe_b64encode
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from uuid import uuid4

import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat


class Issuer:
    """Publishes a key as the service does, and signs whatever it is asked to."""

    kid = "the-only-key"

    def __init__(self) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.url = f"http://localhost:{self._server.server_port}"
        self.jwks_url = f"{self.url}/.well-known/jwks.json"

    def __enter__(self) -> "Issuer":
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_) -> None:
        self._server.shutdown()
        self._server.server_close()

    def claims(self, **changes) -> dict:
        """The claims of an access token of the service, with the changes made; None removes a claim."""
        now = int(time.time())
        claims = {
            "iss": self.url,
            "sub": str(uuid4()),
            "user_id": 1,
            "sid": str(uuid4()),
            "jti": str(uuid4()),
            "iat": now,
            "exp": now + 300,
            "token_type": "access",
        }
        return {name: value for name, value in (claims | changes).items() if value is not None}

    def sign(self, claims: dict, **header) -> str:
        return jwt.encode(claims, self.key, "ES256", headers={"kid": self.kid} | header)

    def jwk(self) -> dict:
        jwk = jwt.algorithms.ECAlgorithm.to_jwk(self.key.public_key(), as_dict=True)
        return jwk | {"kid": self.kid, "alg": "ES256", "use": "sig"}

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        keys = json.dumps({"keys": [self.jwk()]}).encode()

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.end_headers()
                self.wfile.write(keys)

            def log_message(self, *_) -> None:
                pass

        return Handler


def unsigned(issuer: Issuer) -> str:
    return jwt.encode(issuer.claims(), None, "none", headers={"kid": issuer.kid})


def signed_with_the_public_key(issuer: Issuer) -> str:
    """HS256 with the published key as the secret; a verifier that trusts the header would accept it."""
    secret = issuer.key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    content = f"{_part({'typ': 'JWT', 'alg': 'HS256', 'kid': issuer.kid})}.{_part(issuer.claims())}"
    signature = hmac.digest(secret, content.encode(), hashlib.sha256)
    return f"{content}.{_base64url(signature)}"


def tampered(token: str, **changes) -> str:
    """Other claims under the same signature."""
    header, _, signature = token.split(".")
    return f"{header}.{_part(said_by(token) | changes)}.{signature}"


def with_another_signature(token: str) -> str:
    content, signature = token.rsplit(".", 1)
    return f"{content}.{'B' if signature[0] == 'A' else 'A'}{signature[1:]}"


def signed_by_a_stranger(token: str) -> str:
    """The same claims and key id, signed with another key."""
    stranger = ec.generate_private_key(ec.SECP256R1())
    kid = jwt.get_unverified_header(token)["kid"]
    return jwt.encode(said_by(token), stranger, "ES256", headers={"kid": kid})


def said_by(token: str) -> dict:
    return jwt.decode(token, options={"verify_signature": False})


def _part(content: dict) -> str:
    return _base64url(json.dumps(content).encode())


def _base64url(content: bytes) -> str:
    return urlsafe_b64encode(content).rstrip(b"=").decode()
