// What `neptun-auth doctor` says about the session cookie is what a browser does with it: for pairs of a public URL and
// a front end, and settings of the cookie. Each name leads to this machine; the cookie is that which doctor describes.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { chromium } from "playwright-core";
import { serveSites } from "./support/sites.js";

const names = ["*.example.com", "example.com", "*.example.org", "*.fly.dev", "*.co.uk", "192.168.1.5", "192.168.1.6"];
let sites;
let folder;

before(async () => {
  sites = await serveSites();
  folder = await mkdtemp(join(tmpdir(), "doctor-"));
});
after(async () => {
  await sites?.close();
  await rm(folder, { recursive: true, force: true });
});

/** A browser with a profile of its own, which keeps third-party cookies or blocks them, whatever its maker prefers. */
async function openBrowser(blocksThirdParties) {
  const profile = await mkdtemp(join(folder, "profile-"));
  await mkdir(join(profile, "Default"));
  const preferences = {
    profile: { cookie_controls_mode: blocksThirdParties ? 1 : 0, block_third_party_cookies: blocksThirdParties },
  };
  await writeFile(join(profile, "Default", "Preferences"), JSON.stringify(preferences));
  const rules = [...names.map((name) => `MAP ${name} 127.0.0.1`), "MAP * ~NOTFOUND"];
  const kept = ["localhost", "*.localhost", "127.0.0.1"].map((name) => `EXCLUDE ${name}`);
  return chromium.launchPersistentContext(profile, {
    executablePath: process.env.CHROMIUM || undefined,
    ignoreHTTPSErrors: true,
    args: [`--host-resolver-rules=${[...rules, ...kept].join(", ")}`],
  });
}

/** What doctor says: its findings by their names. */
function ask({ service, page, sameSite = "lax", domain }) {
  const output = spawnSync(process.env.SERVICE_BINARY, ["doctor", "--frontend", sites.at(page), "--json"], {
    encoding: "utf8",
    env: {
      NEPTUN_AUTH_DATABASE_URL: `sqlite:${join(folder, "none.db")}`,
      NEPTUN_AUTH_PUBLIC_URL: sites.at(service),
      NEPTUN_AUTH_COOKIE_SAME_SITE: sameSite,
      ...(domain && { NEPTUN_AUTH_COOKIE_DOMAIN: domain }),
    },
  });
  assert.ok([0, 1].includes(output.status), output.stderr);
  return Object.fromEntries(JSON.parse(output.stdout).map((finding) => [finding.id, finding]));
}

/** Whether the browser stores the cookie and sends it back, when the page calls the service. */
async function isKept(browser, { service, page }, cookie) {
  await browser.clearCookies();
  const tab = browser.pages()[0];
  await tab.goto(`${sites.at(page)}/`);
  const sent = await tab.evaluate(
    async ([service, cookie]) => {
      const options = { credentials: "include" };
      await fetch(`${service}/set?cookie=${encodeURIComponent(cookie)}`, options);
      return (await fetch(`${service}/get`, options)).text();
    },
    [sites.at(service), cookie],
  );
  const stored = await browser.cookies();
  assert.equal(stored.length > 0, sent !== "none", "a cookie that is stored is sent");
  return sent !== "none";
}

async function judge(browser, row) {
  const { cookie, "front-end.cookie": finding } = ask(row);
  const kept = await isKept(browser, row, cookie.value.replace("…", "secret"));
  return { level: finding.level, kept, told: `${JSON.stringify(row)}: ${finding.says}` };
}

// prettier-ignore
const rows = [
  { service: "https://auth.example.com", page: "https://auth.example.com", sameSite: "strict" },
  { service: "https://auth.example.com", page: "https://app.example.com" },
  { service: "https://auth.example.com", page: "https://app.example.com", sameSite: "strict" },
  { service: "https://auth.example.com", page: "https://app.example.com", sameSite: "none" },
  { service: "https://auth.example.com", page: "https://app.example.com", domain: "example.com" },
  { service: "https://auth.example.com", page: "https://example.com", domain: "auth.example.com" },
  { service: "https://auth.example.com", page: "http://app.example.com" },
  { service: "https://auth.example.com", page: "https://app.example.org" },
  { service: "https://auth.example.com", page: "https://app.example.org", sameSite: "strict" },
  { service: "https://auth.example.com", page: "http://localhost" },
  { service: "https://auth.fly.dev", page: "https://app.fly.dev" },
  { service: "https://a.my.fly.dev", page: "https://b.my.fly.dev" },
  { service: "https://auth.fly.dev", page: "https://auth.fly.dev", domain: "auth.fly.dev" },
  { service: "https://a.co.uk", page: "https://b.co.uk" },
  { service: "https://192.168.1.5", page: "https://192.168.1.5" },
  { service: "https://192.168.1.5", page: "https://192.168.1.6" },
  { service: "http://localhost", page: "http://localhost" },
  { service: "http://localhost", page: "http://127.0.0.1" },
  { service: "http://127.0.0.1", page: "http://localhost" },
  { service: "http://127.0.0.1", page: "http://127.0.0.1", sameSite: "strict" },
  { service: "http://localhost", page: "https://localhost" },
  { service: "http://localhost", page: "https://app.example.com" },
  { service: "http://auth.localhost", page: "http://app.localhost" },
  { service: "http://a.my.localhost", page: "http://b.my.localhost" },
  { service: "http://a.my.localhost", page: "http://b.my.localhost", domain: "my.localhost" },
];

test("a cookie that doctor calls kept is kept, and one that it calls dropped is dropped", async () => {
  const browser = await openBrowser(true);
  try {
    const seen = { ok: 0, fail: 0 };
    for (const row of rows) {
      const { level, kept, told } = await judge(browser, row);
      assert.equal(kept ? "ok" : "fail", level, told);
      seen[level] += 1;
    }
    assert.ok(seen.ok >= 10 && seen.fail >= 10, JSON.stringify(seen));
  } finally {
    await browser.close();
  }
});

// prettier-ignore
const thirdParties = [
  { service: "https://auth.example.com", page: "https://app.example.org", sameSite: "none" },
  { service: "https://auth.example.com", page: "http://app.example.com", sameSite: "none" },
  { service: "https://auth.fly.dev", page: "https://app.fly.dev", sameSite: "none" },
  { service: "https://auth.example.com", page: "http://localhost", sameSite: "none" },
];

for (const blocks of [true, false]) {
  const outcome = blocks ? "dropped where third parties are blocked" : "kept where they are not";
  test(`a cookie that doctor warns of is ${outcome}`, async () => {
    const browser = await openBrowser(blocks);
    try {
      for (const row of thirdParties) {
        const { level, kept, told } = await judge(browser, row);
        assert.deepEqual({ level, kept }, { level: "warn", kept: !blocks }, told);
      }
    } finally {
      await browser.close();
    }
  });
}
