"""Verifies an access token with nothing but the public keys of the service that issued it, and prints whose it is.

Usage: python verify.py JWKS_URL ISSUER <token
"""

import sys

import jwt


def verify(token: str, keys: jwt.PyJWKClient, issuer: str) -> dict:
    """What the token says; raises `jwt.PyJWTError` unless it is a living access token of this issuer."""
    key = keys.get_signing_key_from_jwt(token)
    claims = jwt.decode(token, key, algorithms=["ES256"], issuer=issuer, options={"require": ["exp", "iss", "sub"]})
    if claims.get("token_type") != "access":
        raise jwt.InvalidTokenError("not an access token")
    return claims


def main() -> None:
    jwks_url, issuer = sys.argv[1:]
    # Caches the keys: a program that runs for long makes one and keeps it.
    keys = jwt.PyJWKClient(jwks_url)
    try:
        claims = verify(sys.stdin.read().strip(), keys, issuer)
    except jwt.PyJWTError as refusal:
        sys.exit(f"refused: {refusal}")
    print(claims["sub"])


if __name__ == "__main__":
    main()
