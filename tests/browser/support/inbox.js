import { setTimeout as sleep } from "node:timers/promises";

/** The code in the newest mail to an address whose subject says this, read where a developer reads it. */
export async function mailedCode(address, about, place = process.env.SERVICE_URL_INBOX) {
  const code = new RegExp(`<h2>(\\d{8}) is your code to ${about}</h2>\\s*<p>To ${address}</p>`);
  for (const deadline = Date.now() + 30_000; Date.now() < deadline; await sleep(100)) {
    const inbox = await (await fetch(place)).text();
    const found = inbox.match(code);
    if (found) return found[1];
  }
  throw new Error(`no code to ${about} was mailed to ${address}`);
}

/** The link in the newest mail to an address whose subject says this. */
export async function mailedLink(address, about) {
  await mailedCode(address, about);
  const inbox = await (await fetch(process.env.SERVICE_URL_INBOX)).text();
  const mail = inbox.split("<article ").find((article) => article.includes(`<p>To ${address}</p>`));
  const [, link] = mail.match(/<pre>[^]*?(http[^\s<]+#[^\s<]+)/);
  return link.replaceAll("&amp;", "&").replaceAll("&#x2f;", "/");
}
