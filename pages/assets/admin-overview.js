// Numbers about the service, and how the instance is.

import { admin, openAdmin } from "./admin.js";
import { chart, dayText } from "./chart.js";
import { element, showTime } from "./page.js";
import { say } from "./words.js";

const numberText = (number) => number.toLocaleString(document.documentElement.lang);

function showStatistics(numbers) {
  element("accounts").textContent = numberText(numbers.accounts);
  element("live-sessions").textContent = numberText(numbers.live_sessions);
  showTime(element("counted-at"), numbers.counted_at);
  const days = [...numbers.days].reverse();
  const charts = [["sign-ups", "sign_ups", say("chart_sign_ups")], ["log-ins", "log_ins", say("chart_log_ins")]];
  for (const [id, field, name] of charts) {
    const counted = days.map((day) => ({ day: day.day, number: day[field] }));
    element(id).replaceChildren(...chart(name, counted));
  }
  element("days").replaceChildren(...numbers.days.map(row));
  element("days-part").hidden = false;
}

function row({ day, sign_ups: signUps, log_ins: logIns }) {
  const made = document.createElement("tr");
  const head = Object.assign(document.createElement("th"), { scope: "row" });
  head.textContent = dayText(day);
  made.append(head);
  for (const number of [signUps, logIns]) made.insertCell().textContent = numberText(number);
  return made;
}

function showInstance(instance) {
  element("status").textContent = say(`status_${instance.status}`);
  element("status").classList.toggle("warn", instance.status !== "ok");
  element("failing").textContent = instance.failing.join(", ");
  const database = { sqlite: "SQLite", postgres: "PostgreSQL" }[instance.database];
  element("version").textContent = `${instance.version}, ${database}`;
  showTime(element("started-at"), instance.started_at);
  const oldest = document.createElement("time");
  if (instance.oldest_mail_at) showTime(oldest, instance.oldest_mail_at);
  const mails = instance.waiting_mails;
  element("waiting-mails").textContent = mails
    ? say("mails_since", { mails, time: oldest.textContent })
    : numberText(mails);
  element("hashing").textContent = say("of", { number: instance.hashing, most: instance.hashing_most });
  const pools = instance.connections.map(({ pool, in_use: number, most }) => `${pool} ${say("of", { number, most })}`);
  element("connections").textContent = pools.join(", ");
}

/** Fills a part of the page by a request of its own. One that fails leaves the other part, and says why in its place. */
async function fill(id, path, show) {
  try {
    show(await admin("GET", path));
    element(id).hidden = false;
  } catch (error) {
    // A missing permission and a cancelled proof are about the whole page.
    if (["not_permitted", "cancelled"].includes(error.code)) throw error;
    element(`${id}-issue`).textContent = error.message;
    element(`${id}-issue`).hidden = false;
  }
}

await openAdmin(async () => {
  await fill("instance", "/instance", showInstance);
  await fill("numbers", "/statistics", showStatistics);
});
