import createClient from "openapi-fetch";
import type { paths } from "./generated/openapi-typescript/schema";
import { service, tell } from "./story.mts";

const client = createClient<paths>({ baseUrl: service });

await tell({
  signUp: async (body) => (await client.POST("/api/auth/sign-up", { body })).data!.user.id,
  getSession: async () => (await client.GET("/api/auth/session")).data!.user.id,
  failToLogIn: async (body) => (await client.POST("/api/auth/login", { body })).error!.code,
});
