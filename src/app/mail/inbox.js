// Shows times as the reader's clock does, makes links of addresses and buttons of codes, adds new mails without moving
// what is read, and empties the inbox.

const state = document.getElementById("state");
const mails = document.getElementById("mails");
const empty = document.getElementById("empty");
// A page that was asked for before the inbox was emptied shows mails that are gone.
let emptied = 0;

function prepare(mail) {
  const time = mail.querySelector("time");
  time.textContent = new Date(time.dateTime).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "medium" });
  const text = mail.querySelector("pre");
  const said = `${mail.querySelector("h2").textContent}\n${text.textContent}`;
  const parts = text.textContent.split(/(https?:\/\/[^\s<>"]+)/);
  const links = parts.filter((_, index) => index % 2);
  const codes = said.replace(/https?:\/\/\S+/g, "").match(/\b\d{6,10}\b/g) ?? [];
  text.replaceChildren(...parts.map((part, index) => (index % 2 ? link(part) : part)));
  const uses = [...new Set(codes)].map(copyButton);
  // A link that holds a key is what the mail is for; others only explain.
  uses.push(...links.filter((address) => address.includes("#")).map(openLink));
  mail.querySelector(".uses").replaceChildren(...uses);
  return mail;
}

function link(address) {
  return Object.assign(document.createElement("a"), { href: address, textContent: address, target: "_blank" });
}

function openLink(address) {
  return Object.assign(link(address), { className: "use", textContent: "Open the link" });
}

function copyButton(code) {
  const button = Object.assign(document.createElement("button"), { type: "button", textContent: `Copy ${code}` });
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(code);
      state.textContent = `${code} is copied.`;
    } catch {
      state.textContent = `This browser copies nothing here. The code is ${code}.`;
    }
  });
  return button;
}

function showCount() {
  const none = mails.childElementCount === 0;
  document.getElementById("none").hidden = !none;
  empty.hidden = none;
}

function add(found) {
  const below = document.documentElement.scrollHeight - scrollY;
  mails.prepend(...found.map(prepare));
  found.forEach((mail) => mail.classList.add("new"));
  // A reader who has scrolled down stays where they are.
  if (scrollY > 0) scrollTo(0, document.documentElement.scrollHeight - below);
  state.textContent = found.length === 1 ? "One new mail." : `${found.length} new mails.`;
}

async function look() {
  try {
    const before = emptied;
    const answer = await fetch(location, { cache: "no-store" });
    if (!answer.ok) throw new Error(`The service answers ${answer.status}`);
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const kept = before === emptied ? [...page.querySelectorAll("article")] : [];
    const found = kept.filter((mail) => !document.getElementById(mail.id));
    // Another tab may have emptied the inbox. Older mails than the service keeps stay until then.
    if (kept.length === 0) mails.replaceChildren();
    if (found.length > 0) add(found);
    else if (state.dataset.broken) state.textContent = "";
    delete state.dataset.broken;
    showCount();
  } catch {
    state.dataset.broken = "yes";
    state.textContent = "The service does not answer. This page tries again by itself.";
  }
  setTimeout(look, document.hidden ? 10_000 : 2_000);
}

empty.addEventListener("click", async () => {
  try {
    const answer = await fetch(location, { method: "POST" });
    if (!answer.ok) throw new Error(`The service answers ${answer.status}`);
    emptied += 1;
    mails.replaceChildren();
    showCount();
    state.textContent = "The inbox is empty.";
    state.focus();
  } catch {
    state.textContent = "The inbox could not be emptied. Try again.";
  }
});

mails.querySelectorAll("article").forEach(prepare);
showCount();
setTimeout(look, 2_000);
