// Other services that are told of events.

import { admin, confirmed, listing, openAdmin, showBadges, withQuery } from "./admin.js";
import { done, fromTemplate } from "./own.js";
import { element, onClick, onSubmit, perform, showTime } from "./page.js";
import { eventText, eventTypes, say } from "./words.js";

let edited;
let secretOf;
const pathOf = ({ id }) => `/webhooks/${encodeURIComponent(id)}`;
const boxes = () => [...element("types").querySelectorAll("input")];

function item(webhook) {
  const { item, part } = fromTemplate("webhook");
  const { url } = webhook;
  part(".name").textContent = url;
  part(".told").textContent = webhook.types.map((type) => eventText({ type })).join(", ") || say("all_types");
  part(".waiting").textContent = webhook.waiting;
  part(".reason").textContent = webhook.disabled_reason ?? "";
  showBadges(part(".badges"), [webhook.disabled_at ? ["switched_off", true] : ["enabled"]]);
  part(".toggle").textContent = say(webhook.disabled_at ? "enable" : "disable");
  const acts = {
    deliveries: () => inspect(webhook),
    change: async () => openForm(webhook),
    rotate: () => rotate(webhook),
    toggle: () => change(webhook, { disabled: !webhook.disabled_at }),
    delete: () => remove(webhook),
  };
  for (const [name, act] of Object.entries(acts)) {
    const button = part(`.${name}`);
    button.setAttribute("aria-label", `${button.textContent}: ${url}`);
    button.addEventListener("click", () => perform(act));
  }
  return item;
}

async function refresh() {
  const webhooks = await admin("GET", "/webhooks");
  element("webhooks").replaceChildren(...webhooks.map(item));
  element("webhooks-none").hidden = webhooks.length > 0;
}

async function change(webhook, changes) {
  await admin("PATCH", pathOf(webhook), changes);
  return done(say("webhook_changed"), refresh);
}

async function rotate(webhook) {
  await confirmed(say("confirm_rotate", { url: webhook.url }));
  showSecret(await admin("POST", `${pathOf(webhook)}/rotate`));
}

async function remove(webhook) {
  await confirmed(say("confirm_remove", { url: webhook.url }));
  await admin("DELETE", pathOf(webhook));
  element("deliveries-part").hidden = true;
  closeForm();
  if (secretOf === webhook.id) closeSecret();
  return done(say("webhook_removed"), refresh);
}

function showSecret({ webhook, secret }) {
  secretOf = webhook.id;
  element("secret-of").textContent = webhook.url;
  element("secret").textContent = secret;
  element("made-secret").hidden = false;
  element("secret-title").focus();
}

function closeSecret() {
  element("made-secret").hidden = true;
  element("secret").textContent = "";
}

const beginDeliveries = listing(
  "deliveries",
  async (webhook, before) => {
    const page = await admin("GET", withQuery(`${pathOf(webhook)}/deliveries`, { before }));
    return { items: page.deliveries, next: page.next };
  },
  deliveryItem,
);

async function inspect(webhook) {
  await beginDeliveries(webhook);
  element("deliveries-of").textContent = webhook.url;
  element("deliveries-part").hidden = false;
  element("deliveries-title").focus();
}

function deliveryItem(delivery, webhook) {
  const { item, part } = fromTemplate("delivery");
  const name = eventText(delivery);
  part(".name").textContent = name;
  showTime(part(".when"), delivery.happened_at);
  const time = document.createElement("time");
  showTime(time, delivery.delivered_at ?? delivery.due_at);
  const states = [
    say(delivery.delivered_at ? "delivered" : "due", { time: time.textContent }),
    delivery.attempts ? say("attempts", { attempts: delivery.attempts }) : null,
    delivery.last_status ? say("last_status", { status: delivery.last_status }) : null,
  ];
  part(".state").textContent = states.filter(Boolean).map((text) => ` · ${text}`).join("");
  part(".retry").setAttribute("aria-label", say("retry_of", { name }));
  part(".retry").addEventListener("click", () => perform(() => retry(webhook, delivery)));
  return item;
}

async function retry(webhook, { event_id: event }) {
  await admin("POST", `${pathOf(webhook)}/deliveries/${encodeURIComponent(event)}/retry`);
  return done(say("retried"), () => beginDeliveries(webhook));
}

function openForm(webhook) {
  edited = webhook;
  element("edit-title").textContent = say("change_webhook");
  element("edit-url").value = webhook.url;
  for (const box of boxes()) box.checked = webhook.types.includes(box.value);
  element("edit-cancel").hidden = false;
  element("edit-url").focus();
}

function closeForm() {
  edited = null;
  element("edit").reset();
  element("edit-title").textContent = say("create_webhook");
  element("edit-cancel").hidden = true;
}

for (const type of eventTypes()) {
  const box = Object.assign(document.createElement("input"), { type: "checkbox", value: type });
  const label = Object.assign(document.createElement("label"), { className: "show" });
  label.append(box, eventText({ type }));
  element("types").append(label);
}
onSubmit("edit", async ({ url = "" }) => {
  const types = boxes().filter(({ checked }) => checked).map(({ value }) => value);
  if (edited) {
    const told = await change(edited, { url, types });
    closeForm();
    return told;
  }
  const created = await admin("POST", "/webhooks", { url, types });
  showSecret(created);
  return done(say("webhook_created"), refresh);
});
onClick("#edit-cancel", async () => {
  closeForm();
  element("edit-url").focus();
});
onClick("#secret-kept", async () => {
  closeSecret();
  element("edit-url").focus();
});
await openAdmin(refresh);
