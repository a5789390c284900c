import { AccountApi, Configuration, ResponseError, SessionsApi } from "./generated/typescript-fetch";
import { service, tell } from "./story.mts";

const configuration = new Configuration({ basePath: service });
const account = new AccountApi(configuration);

await tell({
  signUp: async (signUpRequest) => (await account.signUp({ signUpRequest })).user.id,
  getSession: async () => (await new SessionsApi(configuration).getSession()).user.id,
  failToLogIn: (logInRequest) =>
    account.logIn({ logInRequest }).then(
      () => "logged in",
      async (error: ResponseError) => (await error.response.json()).code,
    ),
});
