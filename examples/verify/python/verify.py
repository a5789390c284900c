"""Verifies an access token with the public keys of the service that issued it, and prints the account's id.

Usage: python verify.py JWKS_URL ISSUER <token
"""

import sys

import jwt

LEEWAY = 5  # seconds by which the clocks of two machines may differ


def verify(token: str, keys: jwt.PyJWKClient, issuer: str) -> dict:
    """Returns the token's claims; raises `jwt.PyJWTError` unless it is an unexpired access token of this issuer."""
    key = keys.get_signing_key_from_jwt(token)
    required = {"require": ["exp", "iss", "sub"]}
    # PyJWT also rejects a token that was issued later than its own clock says, which the leeway covers.
    claims = jwt.decode(token, key, algorithms=["ES256"], issuer=issuer, leeway=LEEWAY, options=required)
    if claims.get("token_type") != "access":
        raise jwt.InvalidTokenError("not an access token")
    return claims


def main() -> None:
    jwks_url, issuer = sys.argv[1:]
    # Caches the keys, so a long-running program creates one and keeps it.
    keys = jwt.PyJWKClient(jwks_url)
    try:
        claims = verify(sys.stdin.read().strip(), keys, issuer)
    except jwt.PyJWTError as refusal:
        sys.exit(f"refused: {refusal}")
    print(claims["sub"])


if __name__ == "__main__":
    main()
