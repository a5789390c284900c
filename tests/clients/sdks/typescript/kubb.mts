import type { ApiError } from "./generated/kubb";
import { getSession } from "./generated/kubb/clients/getSession";
import { logIn } from "./generated/kubb/clients/logIn";
import { signUp } from "./generated/kubb/clients/signUp";
import { tell } from "./story.mts";

// Kubb's client sends JSON without saying so.
const json = { headers: { "Content-Type": "application/json" } };

await tell({
  signUp: async (account) => (await signUp(account, json)).user.id,
  getSession: async () => (await getSession()).user.id,
  // It returns the body of every answer as that of a success.
  failToLogIn: async (account) => ((await logIn(account, json)) as unknown as ApiError).code,
});
