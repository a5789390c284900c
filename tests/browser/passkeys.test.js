// Passkeys in a real browser with virtual authenticators, on a page beside the service, by the browser's own functions.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { newAccount } from "./support/account.js";
import { launchBrowser, openPage } from "./support/browser.js";
import { servePages } from "./support/pages.js";

const service = process.env.SERVICE_URL;
// The host by which the service knows itself, and the domain of its passkeys.
const own = service.replace("127.0.0.1", "localhost");
// A document without scripts: the example page itself asks for a passkey, if a service is where it looks for one, and a
// tab takes one request at a time.
const quiet = "/style.css";
let browser;
let pages;

before(async () => {
  browser = await launchBrowser();
  pages = await servePages();
});
after(async () => {
  await browser?.close();
  await pages?.close();
});

/** A page with a virtual authenticator, signed in to a new account. */
async function visit(options = {}) {
  const { page } = await openPage(browser, pages.origin + quiet);
  const devtools = await page.context().newCDPSession(page);
  await devtools.send("WebAuthn.enable", { enableUI: false });
  const { authenticatorId } = await devtools.send("WebAuthn.addVirtualAuthenticator", {
    options: {
      protocol: "ctap2",
      ctap2Version: "ctap2_1",
      transport: "internal",
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
      ...options,
    },
  });
  const account = newAccount();
  await page.evaluate(() => {
    window.call = async (method, path, body) => {
      const headers = body ? { "Content-Type": "application/json" } : {};
      const answer = await fetch(path, { method, headers, body: JSON.stringify(body), credentials: "include" });
      return { status: answer.status, body: await answer.json().catch(() => null) };
    };
    // The two steps of a ceremony. A name stands for an error of the browser.
    window.ceremony = async (service, kind, timeout) => {
      const path = `${service}/api/auth/webauthn/${kind}`;
      const begun = await call("POST", path, { verify: false });
      if (begun.status !== 200) return begun;
      const { creationOptions, requestOptions, attemptId } = begun.body;
      try {
        const credential = creationOptions
          ? await navigator.credentials.create({
              publicKey: { ...PublicKeyCredential.parseCreationOptionsFromJSON(creationOptions), timeout },
            })
          : await navigator.credentials.get({
              publicKey: { ...PublicKeyCredential.parseRequestOptionsFromJSON(requestOptions), timeout },
            });
        return await call("POST", path, { verify: true, attemptId, response: credential.toJSON() });
      } catch (error) {
        return error.name;
      }
    };
  });
  const request = (method, path, body) =>
    page.evaluate(([method, path, body]) => call(method, path, body), [method, own + path, body]);
  assert.equal((await request("POST", "/api/auth/sign-up", account)).status, 200);
  const run = (kind) => page.evaluate(([service, kind]) => ceremony(service, kind, 12_000), [own, kind]);
  return {
    page,
    request,
    register: () => run("register"),
    logIn: () => run("authenticate"),
    logOut: () => request("POST", "/api/auth/logout"),
    session: async () => (await request("GET", "/api/auth/session")).body,
    credentials: async () => (await devtools.send("WebAuthn.getCredentials", { authenticatorId })).credentials,
    verify: (isUserVerified) => devtools.send("WebAuthn.setUserVerified", { authenticatorId, isUserVerified }),
  };
}

const kinds = {
  platform: [{}, "hwk"],
  roaming: [{ transport: "usb" }, "hwk"],
  synced: [{ defaultBackupEligibility: true, defaultBackupState: true }, "swk"],
};
for (const [name, [options, method]] of Object.entries(kinds)) {
  test(`a ${name} authenticator registers and logs in without a user name`, async () => {
    const visited = await visit(options);
    const registered = await visited.register();
    assert.equal(registered.status, 200, JSON.stringify(registered));
    assert.equal(registered.body.verified, true);
    const [credential] = await visited.credentials();
    assert.equal(credential.isResidentCredential, true);
    assert.equal(credential.rpId, "localhost");

    await visited.logOut();
    assert.equal((await visited.logIn()).body.verified, true);
    const session = await visited.session();
    assert.equal(session.user.webauthn, true);
    assert.deepEqual(session.amr, ["mfa", method]);
    const [listed] = (await visited.request("GET", "/api/auth/passkeys")).body;
    assert.equal(listed.backed_up, name === "synced");

    // The counter has grown, so the next log-in works as well.
    await visited.logOut();
    assert.equal((await visited.logIn()).status, 200);
  });
}

test("an authenticator that holds a passkey of the account makes no second one", async () => {
  const visited = await visit();
  assert.equal((await visited.register()).status, 200);
  assert.equal(await visited.register(), "InvalidStateError");
  assert.equal((await visited.credentials()).length, 1);
});

test("without user verification the browser makes and uses no passkey", async () => {
  const never = await visit({ transport: "usb", hasUserVerification: false, isUserVerified: false });
  assert.equal(await never.register(), "NotAllowedError");
  assert.equal((await never.credentials()).length, 0);

  const visited = await visit();
  assert.equal((await visited.register()).status, 200);
  await visited.logOut();
  await visited.verify(false);
  assert.equal(await visited.logIn(), "NotAllowedError");
  await visited.verify(true);
  assert.equal((await visited.logIn()).status, 200);
});

test("a use while signed in proves again, and a removed passkey logs in no more", async () => {
  const visited = await visit();
  const { body } = await visited.register();
  const before = await visited.session();
  assert.equal((await visited.logIn()).status, 200);
  const after = await visited.session();
  assert.equal(after.loggedInAt, before.loggedInAt);
  assert.deepEqual(after.amr, ["pwd", "mfa", "hwk"]);
  const removed = await visited.request("DELETE", `/api/auth/passkeys/${body.passkey.id}`);
  assert.equal(removed.status, 204);
  await visited.logOut();
  assert.equal((await visited.logIn()).status, 401);
});

test("the field for the address offers passkeys", async () => {
  const visited = await visit();
  assert.equal((await visited.register()).status, 200);
  await visited.logOut();
  const answer = await visited.page.evaluate(async (service) => {
    const path = `${service}/api/webauthn/authenticate`;
    document.body.prepend(Object.assign(document.createElement("input"), { autocomplete: "username webauthn" }));
    const begun = await call("POST", path, { verify: false });
    const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(begun.body.requestOptions);
    const credential = await navigator.credentials.get({ publicKey, mediation: "conditional" });
    return call("POST", path, { verify: true, attemptId: begun.body.attemptId, response: credential.toJSON() });
  }, own);
  assert.equal(answer.status, 200);
});

test("a page on an address can use no passkey of the domain", async () => {
  const { page } = await openPage(browser, pages.origin.replace("localhost", "127.0.0.1") + quiet);
  const error = await page.evaluate(async (service) => {
    const headers = { "Content-Type": "application/json" };
    const body = JSON.stringify({ verify: false });
    const answer = await fetch(`${service}/api/auth/webauthn/authenticate`, { method: "POST", headers, body });
    const { requestOptions } = await answer.json();
    const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(requestOptions);
    return navigator.credentials.get({ publicKey }).then(() => "used", (error) => error.name);
  }, own);
  assert.equal(error, "SecurityError");
});
