// One session in a list: of an account's own, or as an operator sees it.

import { fromTemplate } from "./own.js";
import { perform, showTime } from "./page.js";
import { programName } from "./programs.js";
import { say } from "./words.js";

/** The item of the template "session", and its parts. Its button ends the session by `revoke(id)`. */
export function sessionItem(session, revoke) {
  const { item, part } = fromTemplate("session");
  const name = programName(session.user_agent) ?? say("unknown_program");
  part(".name").textContent = name;
  part(".name").title = session.user_agent ?? "";
  part(".ip").textContent = session.ip ?? say("unknown_address");
  showTime(part(".seen"), session.last_seen_at);
  showTime(part(".until"), session.expires_at);
  part(".revoke").setAttribute("aria-label", say("revoke_of", { name }));
  part(".revoke").addEventListener("click", () => perform(() => revoke(session.id)));
  return { item, part };
}
