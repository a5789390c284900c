// A small chart of numbers by day, drawn as SVG without a style inside.

import { say } from "./words.js";

const [width, height, gap] = [300, 80, 2];

function shape(name, attributes) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}

export function dayText(day) {
  return new Date(day).toLocaleDateString(document.documentElement.lang, { dateStyle: "medium", timeZone: "UTC" });
}

/** Bars from the first day to the last, and their text for people who don't see them. */
export function chart(name, days) {
  const most = days.reduce((best, day) => (day.number > best.number ? day : best));
  const total = days.reduce((sum, { number }) => sum + number, 0);
  const text = say("chart", { name, total, most: most.number, day: dayText(most.day) });
  const drawn = shape("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": text, class: "chart" });
  const step = width / days.length;
  days.forEach(({ day, number }, at) => {
    const tall = (number / Math.max(most.number, 1)) * (height - 4);
    const bar = shape("rect", { x: at * step, y: height - 1 - tall, width: step - gap, height: tall, class: "bar" });
    bar.append(shape("title", {}));
    bar.firstChild.textContent = `${dayText(day)}: ${number}`;
    drawn.append(bar);
  });
  drawn.append(shape("line", { x1: 0, x2: width, y1: height - 0.5, y2: height - 0.5, class: "axis" }));
  const label = Object.assign(document.createElement("p"), { className: "details" });
  label.textContent = say("chart_most", { total, most: most.number, day: dayText(most.day) });
  return [drawn, label];
}
