// Finds accounts and creates them.

import { admin, listing, openAdmin, showBadges, userBadges, withQuery } from "./admin.js";
import { fromTemplate } from "./own.js";
import { element, onFilter, onSubmit, showTime } from "./page.js";
import { say } from "./words.js";

function item(user) {
  const { item, part } = fromTemplate("user");
  part(".link").textContent = user.email;
  part(".link").href = `/admin/users/${user.id}`;
  showTime(part(".created"), user.created_at);
  part(".username").textContent = user.username ? ` · ${user.username}` : "";
  showBadges(part(".badges"), userBadges(user));
  return item;
}

const begin = listing(
  "users",
  async (query, before) => {
    const { users, next } = await admin("GET", withQuery("/users", { query, before }));
    return { items: users, next };
  },
  item,
);

onFilter("search", ({ query }) => begin(query));
onSubmit("create", async ({ email = "", username }) => {
  const body = { email, email_verified: element("create-verified").checked };
  if (username) body.username = username;
  const created = await admin("POST", "/users", body);
  location.assign(`/admin/users/${created.id}`);
  return say("created");
});
await openAdmin(async () => {
  await begin("");
});
