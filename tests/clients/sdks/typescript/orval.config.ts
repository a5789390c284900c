export default {
  auth: {
    input: "openapi.json",
    output: { target: "generated/orval/auth.ts", client: "fetch", baseUrl: process.env.SERVICE_URL },
  },
};
