import { generateKeyPairSync } from "node:crypto";
import Provider from "oidc-provider";

/** The algorithms that the provider signs with, each with a key of its own and a client that asks for it. */
export const algorithms = ["RS256", "ES256", "EdDSA"];

const makeKey = {
  RS256: () => generateKeyPairSync("rsa", { modulusLength: 2048 }),
  ES256: () => generateKeyPairSync("ec", { namedCurve: "P-256" }),
  EdDSA: () => generateKeyPairSync("ed25519"),
};

function signingKey(algorithm) {
  const jwk = makeKey[algorithm]().privateKey.export({ format: "jwk" });
  return { ...jwk, alg: algorithm, use: "sig", kid: algorithm };
}

/** An OpenID provider whose log-in page takes any name; the name is the local part of a confirmed address. */
export async function startCompany(port, service) {
  const provider = new Provider(`http://localhost:${port}`, {
    clients: algorithms.map((algorithm) => ({
      client_id: `neptun-${algorithm}`,
      client_secret: "secret",
      redirect_uris: [`${service}/auth/company-${algorithm.toLowerCase()}`],
      id_token_signed_response_alg: algorithm,
    })),
    jwks: { keys: algorithms.map(signingKey) },
    enabledJWA: { idTokenSigningAlgValues: algorithms },
    claims: { openid: ["sub"], email: ["email", "email_verified"] },
    conformIdTokenClaims: false,
    cookies: { keys: ["a key for a test"] },
    findAccount: (_, id) => ({
      accountId: id,
      claims: () => ({ sub: id, email: `${id}@example.com`, email_verified: true }),
    }),
  });
  return new Promise((resolve) => {
    const server = provider.listen(port, () => resolve(server));
  });
}

/** Logs in on the provider's own pages and agrees. */
export async function logInAtCompany(page, name) {
  await page.getByPlaceholder("Enter any login").fill(name);
  await page.getByPlaceholder("and password").fill("any");
  await page.getByRole("button", { name: "Sign-in" }).click();
  await page.getByRole("button", { name: "Continue" }).click();
}
