import { client } from "./generated/hey-api/client.gen";
import { getSession, logIn, signUp } from "./generated/hey-api/sdk.gen";
import { service, tell } from "./story.mts";

client.setConfig({ baseUrl: service });

await tell({
  signUp: async (body) => (await signUp({ body })).data!.user.id,
  getSession: async () => (await getSession()).data!.user.id,
  failToLogIn: async (body) => (await logIn({ body })).error!.code,
});
