// One request to the service, and one action of the page.

/** What the service answers when it refuses a request. */
interface Refusal {
  code: string;
  message: string;
  data?: { methods?: string[] };
}

export function refusalOf(error: unknown): Partial<Refusal> {
  return (error as { data?: Refusal }).data ?? { message: (error as Error).message };
}

/** Six digits are the code of an app; everything else can only be a recovery code. */
export function factorOf(entered: string) {
  const digits = entered.replaceAll(" ", "");
  return /^\d{6}$/.test(digits) ? { code: digits } : { recovery_code: entered.trim() };
}

export function useService() {
  const { authUrl } = useRuntimeConfig().public;
  const problem = useState("problem", () => "");

  /** `credentials` matters only if the service is on another origin. */
  function call<T>(method: "GET" | "POST" | "DELETE", path: string, body?: object) {
    return $fetch<T>(`${authUrl}${path}`, { method, body, credentials: "include" });
  }

  /** Runs an action, and shows why it failed. Returns the refusal, or null. */
  async function attempt(action: () => Promise<unknown>) {
    problem.value = "";
    try {
      await action();
      return null;
    } catch (error) {
      const refusal = refusalOf(error);
      problem.value = refusal.message ?? "The service did not answer.";
      return refusal;
    }
  }

  return { authUrl, call, attempt, problem };
}
