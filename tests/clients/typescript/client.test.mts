import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { test } from "node:test";
import createClient from "openapi-fetch";
import type { paths } from "./auth-api.d.ts";
import { cookieJar } from "./cookie-jar.mts";

const baseUrl = process.env.SERVICE_URL;
assert(baseUrl, "SERVICE_URL names the service under test");

const newClient = () => {
  const client = createClient<paths>({ baseUrl });
  client.use(cookieJar());
  return client;
};
const newAccount = () => ({ email: `${randomUUID()}@example.com`, password: "correct horse battery" });

test("a session from sign-up to logout", async () => {
  const client = newClient();
  const account = newAccount();

  const signUp = await client.POST("/api/auth/sign-up", { body: account });
  assert.equal(signUp.response.status, 200);
  assert.equal(signUp.data?.user.primary_email, account.email);

  const session = await client.GET("/api/auth/session");
  assert.equal(session.data?.user.id, signUp.data.user.id);
  assert(new Date(session.data.expires_at) > new Date(session.data.loggedInAt));

  const sessions = await client.GET("/api/auth/sessions");
  assert.deepEqual(
    sessions.data?.map(({ current }) => current),
    [true],
  );

  const logOut = await client.POST("/api/auth/logout");
  assert.equal(logOut.data, true);

  const afterwards = await client.GET("/api/auth/session");
  assert.equal(afterwards.response.status, 401);
  assert.equal(afterwards.error?.statusCode, 401);
});

test("one session ends another", async () => {
  const account = newAccount();
  const [first, second] = [newClient(), newClient()];
  await first.POST("/api/auth/sign-up", { body: account });
  await second.POST("/api/auth/login", { body: account });

  const { data: sessions = [] } = await first.GET("/api/auth/sessions");
  assert.equal(sessions.length, 2);
  const other = sessions.find(({ current }) => !current);
  assert(other);
  const revoked = await first.DELETE("/api/auth/sessions/{id}", { params: { path: { id: other.id } } });
  assert.equal(revoked.response.status, 204);

  assert.equal((await first.GET("/api/auth/check")).response.status, 204);
  assert.equal((await second.GET("/api/auth/check")).response.status, 401);
});

test("a taken e-mail and field issues arrive as the typed error", async () => {
  const client = newClient();
  const account = newAccount();
  await client.POST("/api/auth/sign-up", { body: account });

  const taken = await client.POST("/api/auth/sign-up", { body: account });
  assert.equal(taken.response.status, 409);
  assert.equal(taken.error?.code, "email_taken");

  const rejected = await client.POST("/api/auth/sign-up", { body: { email: "no-address", password: "short" } });
  assert.equal(rejected.response.status, 400);
  assert.deepEqual(rejected.error?.data?.issues.map(({ path }) => path).sort(), [["email"], ["password"]]);
});

test("a token pair from sign-up to the blacklist", async () => {
  const client = createClient<paths>({ baseUrl });
  const bearer = (access: string) => ({ headers: { Authorization: `Bearer ${access}` } });
  const account = { ...newAccount(), username: randomUUID() };

  const signUp = await client.POST("/api/sign-up", { body: account });
  assert.equal(signUp.response.status, 201);
  assert(signUp.data);
  assert.equal(signUp.data.user.username, account.username);

  const me = await client.GET("/api/me", bearer(signUp.data.access));
  assert.deepEqual(me.data, signUp.data.user);

  const renewed = await client.POST("/api/token/refresh", { body: { refresh: signUp.data.refresh } });
  assert(renewed.data);
  assert.notEqual(renewed.data.refresh, signUp.data.refresh);
  assert.equal((await client.GET("/api/me", bearer(renewed.data.access))).response.status, 200);

  const ended = await client.POST("/api/token/blacklist", { body: { refresh: renewed.data.refresh } });
  assert.deepEqual(ended.data, {});

  const rejected = await client.POST("/api/token/refresh", { body: { refresh: renewed.data.refresh } });
  assert.equal(rejected.response.status, 401);
  assert.equal(rejected.error?.code, "token_not_valid");
  assert.equal((await client.GET("/api/me", bearer(renewed.data.access))).response.status, 401);
});
