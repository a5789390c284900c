import { getSession, logIn, signUp } from "./generated/orval/auth";
import { tell } from "./story.mts";

await tell({
  async signUp(account) {
    const answer = await signUp(account);
    if (answer.status !== 200) throw new Error(answer.data.message);
    return answer.data.user.id;
  },
  async getSession() {
    const answer = await getSession();
    if (answer.status !== 200) throw new Error(answer.data.message);
    return answer.data.user.id;
  },
  async failToLogIn(account) {
    const answer = await logIn(account);
    if (answer.status === 200) throw new Error("logged in");
    return answer.data.code;
  },
});
