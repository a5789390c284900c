// Asks the browser's authenticator for a passkey, to log in or to prove oneself again.

import { call } from "./api.js";

const path = "/api/auth/webauthn/authenticate";
let pending = null;

/** Ends the request that waits in the form: an authenticator takes one at a time. */
export function stopAutofill() {
  pending?.abort();
  pending = null;
}

/**
 * Asks for a passkey and sends it to the service. With `later`, returns the function that sends it, or null if another
 * request took the place of this one.
 */
export async function askForPasskey(options = {}, { later = false } = {}) {
  stopAutofill();
  const waiting = (pending = new AbortController());
  const { requestOptions, attemptId } = await call("POST", path, { verify: false });
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(requestOptions);
  let credential;
  try {
    credential = await navigator.credentials.get({ ...options, publicKey, signal: waiting.signal });
  } catch (error) {
    if (later && waiting.signal.aborted) return null;
    throw new Error(refusals[error.name] ?? "Your browser could not use a passkey.", { cause: error });
  }
  const finish = () => send(attemptId, credential, requestOptions.rpId);
  return later ? finish : finish();
}

const refusals = {
  NotAllowedError: "No passkey was used.",
  AbortError: "No passkey was used.",
  SecurityError: "Passkeys of this service do not work on a page at this address.",
};

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
