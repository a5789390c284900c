// Asks the browser's authenticator for a passkey, to log in.

import { call } from "./api.js";
import { say } from "./words.js";

const path = "/api/auth/webauthn/authenticate";
let pending = null;

/** Ends the request that waits in the form: an authenticator takes one at a time. */
export function stopAutofill() {
  pending?.abort();
  pending = null;
}

/**
 * Asks for a passkey, and returns the function that sends it; null if another request took the place of this one.
 */
export async function askForPasskey(options = {}) {
  stopAutofill();
  const waiting = (pending = new AbortController());
  const { requestOptions, attemptId } = await call("POST", path, { verify: false });
  let credential;
  try {
    const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(requestOptions);
    credential = await navigator.credentials.get({ ...options, publicKey, signal: waiting.signal });
  } catch (cause) {
    if (waiting.signal.aborted) return null;
    throw new Error(say(cause.name === "NotAllowedError" ? "no_passkey" : "passkey_failed"), { cause });
  }
  return () => send(attemptId, credential, requestOptions.rpId);
}

/** Whether passkeys can be offered in the field of the address. */
export async function canAutofill() {
  return Boolean(await globalThis.PublicKeyCredential?.isConditionalMediationAvailable?.());
}

async function send(attemptId, credential, rpId) {
  try {
    return await call("POST", path, { attemptId, response: credential.toJSON(), verify: true });
  } catch (error) {
    // The service does not know the passkey any more, so the password manager need not offer it again.
    if (error.code === "invalid_credentials") {
      await PublicKeyCredential.signalUnknownCredential?.({ rpId, credentialId: credential.id });
    }
    throw error;
  }
}
