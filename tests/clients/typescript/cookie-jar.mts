import type { Middleware } from "openapi-fetch";

/** Does in Node.js what a browser does: stores the cookies of answers and sends them with requests. */
export function cookieJar(): Middleware {
  const cookies = new Map<string, string>();
  return {
    onRequest({ request }) {
      const pairs = [...cookies].map(([name, value]) => `${name}=${value}`);
      if (pairs.length > 0) request.headers.set("Cookie", pairs.join("; "));
    },
    onResponse({ response }) {
      for (const line of response.headers.getSetCookie()) {
        const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
        if (/;\s*Max-Age=0\b/i.test(line)) cookies.delete(name);
        else cookies.set(name, value);
      }
    },
  };
}
