// Verifies an access token with the public keys of the service that issued it, and prints the account's id.
//
// Usage: node verify.mjs JWKS_URL ISSUER <token

import { text } from "node:stream/consumers";
import { createRemoteJWKSet, jwtVerify } from "jose";

const clockTolerance = 5; // seconds by which the clocks of two machines may differ

/** Returns the token's claims; throws unless it is an unexpired access token of this issuer. */
async function verify(token, keys, issuer) {
  const rules = { algorithms: ["ES256"], issuer, clockTolerance, requiredClaims: ["exp", "sub"] };
  const { payload } = await jwtVerify(token, keys, rules);
  if (payload.token_type !== "access") throw new Error("not an access token");
  return payload;
}

const [jwksUrl, issuer] = process.argv.slice(2);
// Without an issuer, jose would accept any issuer.
if (!jwksUrl || !issuer) throw new Error("usage: node verify.mjs JWKS_URL ISSUER <token");

// Caches the keys, so a long-running program creates one and keeps it.
const keys = createRemoteJWKSet(new URL(jwksUrl));
try {
  const { sub } = await verify((await text(process.stdin)).trim(), keys, issuer);
  console.log(sub);
} catch (refusal) {
  console.error(`refused: ${refusal.message}`);
  process.exitCode = 1;
}
