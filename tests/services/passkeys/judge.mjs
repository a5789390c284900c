// Judges ceremonies with @simplewebauthn/server: reads a list of cases and prints a list of verdicts.

import { verifyAuthenticationResponse, verifyRegistrationResponse } from "@simplewebauthn/server";
import { text } from "node:stream/consumers";

const bytes = (base64url) => new Uint8Array(Buffer.from(base64url, "base64url"));

async function judge({ kind, response, challenge, origin, rpId, publicKey, signCount }) {
  const expected = {
    response,
    expectedChallenge: challenge,
    expectedOrigin: origin,
    expectedRPID: rpId,
    requireUserVerification: true,
  };
  if (kind === "register") {
    const supportedAlgorithmIDs = [-8, -7, -257];
    return (await verifyRegistrationResponse({ ...expected, supportedAlgorithmIDs })).verified;
  }
  const credential = { id: response.id, publicKey: bytes(publicKey), counter: signCount };
  return (await verifyAuthenticationResponse({ ...expected, credential })).verified;
}

const verdicts = [];
for (const one of JSON.parse(await text(process.stdin))) verdicts.push(await judge(one).catch(() => false));
console.log(JSON.stringify(verdicts));
