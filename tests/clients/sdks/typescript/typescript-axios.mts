import axios, { type AxiosError } from "axios";
import { AccountApi, type ApiError, Configuration, SessionsApi } from "./generated/typescript-axios";
import { service, tell } from "./story.mts";

axios.defaults.adapter = "fetch";
const configuration = new Configuration({ basePath: service });
const account = new AccountApi(configuration);

await tell({
  signUp: async (request) => (await account.signUp(request)).data.user.id,
  getSession: async () => (await new SessionsApi(configuration).getSession()).data.user.id,
  failToLogIn: (request) =>
    account.logIn(request).then(
      () => "logged in",
      (error: AxiosError<ApiError>) => error.response!.data.code,
    ),
});
