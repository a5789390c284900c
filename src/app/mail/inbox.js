// Shows times as the reader's clock does, makes links of addresses, and adds new mails without moving what is read.

const state = document.getElementById("state");
const mails = document.getElementById("mails");

function prepare(mail) {
  const time = mail.querySelector("time");
  time.textContent = new Date(time.dateTime).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "medium" });
  const text = mail.querySelector("pre");
  const parts = text.textContent.split(/(https?:\/\/[^\s<>"]+)/);
  text.replaceChildren(...parts.map((part, index) => (index % 2 ? link(part) : part)));
  return mail;
}

function link(address) {
  return Object.assign(document.createElement("a"), { href: address, textContent: address, target: "_blank" });
}

function add(found) {
  const below = document.documentElement.scrollHeight - scrollY;
  document.getElementById("none")?.remove();
  mails.prepend(...found.map(prepare));
  found.forEach((mail) => mail.classList.add("new"));
  // A reader who has scrolled down stays where they are.
  if (scrollY > 0) scrollTo(0, document.documentElement.scrollHeight - below);
  state.textContent = found.length === 1 ? "One new mail." : `${found.length} new mails.`;
}

async function look() {
  try {
    const answer = await fetch(location, { cache: "no-store" });
    if (!answer.ok) throw new Error(`The service answers ${answer.status}`);
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const found = [...page.querySelectorAll("article")].filter((mail) => !document.getElementById(mail.id));
    if (found.length > 0) add(found);
    else if (state.dataset.broken) state.textContent = "";
    delete state.dataset.broken;
  } catch {
    state.dataset.broken = "yes";
    state.textContent = "The service does not answer. This page tries again by itself.";
  }
  setTimeout(look, document.hidden ? 10_000 : 2_000);
}

mails.querySelectorAll("article").forEach(prepare);
setTimeout(look, 2_000);
