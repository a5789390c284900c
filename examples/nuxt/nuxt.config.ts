const service = process.env.AUTH_SERVICE ?? "http://localhost:8080";

export default defineNuxtConfig({
  compatibilityDate: "2026-11-01",
  modules: ["nuxt-auth-utils"],
  // `useWebAuthn()` for passkeys. The service answers its requests, so that the app needs no handler of its own.
  auth: { webAuthn: true },
  // Hands these paths to the service, also for requests that Nuxt makes while it renders on the server.
  // `/api/_auth/session` takes the place of nuxt-auth-utils' own handler.
  routeRules: {
    "/api/_auth/**": { proxy: `${service}/api/_auth/**` },
    "/api/auth/**": { proxy: `${service}/api/auth/**` },
    "/api/webauthn/**": { proxy: `${service}/api/webauthn/**` },
    // Starts a log-in with GitHub, Google or an OpenID Connect issuer, and takes its answer.
    "/auth/**": { proxy: `${service}/auth/**` },
  },
  runtimeConfig: {
    public: {
      // Where the page signs up and logs in: empty for this app's own origin, or the service's (NUXT_PUBLIC_AUTH_URL).
      authUrl: "",
    },
  },
  app: { head: { title: "Nuxt with Neptun Auth", htmlAttrs: { lang: "en" } } },
});
