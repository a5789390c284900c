// What the page tells people, in their language. The service's codes are for programs.

const texts = JSON.parse(document.getElementById("words").textContent);

/** A text of the page, with values in the places of their names. */
export function say(name, values = {}) {
  return texts[name].replace(/\{(\w+)\}/g, (_, place) => values[place]);
}

const known = (name) => (name in texts ? say(name) : null);

/** Tells a person why a request failed; `wait` is the number of seconds to wait, if the service says so. */
export function errorText({ code, message }, wait) {
  if (code === "too_many_requests") return say("too_many", { minutes: Math.max(1, Math.ceil((wait || 60) / 60)) });
  return known(`error_${code}`) ?? message;
}

/** Tells a person what is wrong with a field. */
export function issueText({ code, message }, field) {
  const minimum = field?.dataset.minimum;
  if (code === "too_short") return minimum ? say("too_short", { minimum }) : say("issue_required");
  return known(`issue_${code}`) ?? `${message}.`;
}

/** Tells a person what happened to the account. */
export function eventText({ type }) {
  return known(`event_${type}`) ?? type;
}

/** The types of events that there are texts for. */
export function eventTypes() {
  const group = "event_";
  return Object.keys(texts).filter((name) => name.startsWith(group)).map((name) => name.slice(group.length));
}

/** Tells a person why a log-in at another provider failed. */
export function providerText(code) {
  return known(`provider_${code}`) ?? errorText({ code, message: say("provider_provider_failed") });
}
