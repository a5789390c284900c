// Names for browsers. The order matters: Edge and Opera also say Chrome, and Chrome also says Safari.

const browsers = { Edg: "Edge", OPR: "Opera", SamsungBrowser: "Samsung Internet", Firefox: "Firefox", FxiOS: "Firefox",
  CriOS: "Chrome", HeadlessChrome: "Chrome", Chrome: "Chrome", Safari: "Safari" };
const systems = { iPhone: "iPhone", iPad: "iPad", Android: "Android", CrOS: "ChromeOS", Windows: "Windows",
  Macintosh: "macOS", Linux: "Linux" };

/** A name for people, such as "Firefox, Windows"; null for none. Other programs begin with their own name. */
export function programName(userAgent) {
  if (!userAgent) return null;
  const named = (names) => Object.entries(names).find(([mark]) => userAgent.includes(mark))?.[1];
  const [browser, system] = [named(browsers), named(systems)];
  if (!userAgent.startsWith("Mozilla/") || !browser) return userAgent.split(/[ /]/)[0].slice(0, 40);
  return system ? `${browser}, ${system}` : browser;
}
