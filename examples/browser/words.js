// What the page tells people. The service's codes are for programs, and its messages for their authors.

const errors = {
  validation_error: "Please look at the marked fields.",
  not_authenticated: "You are no longer logged in. Please log in again.",
  invalid_credentials: "The e-mail address or the password is wrong.",
  invalid_otp: "This code is wrong or too old. Ask for a new one if it has been a while.",
  otp_not_found: "This code is wrong or too old. Ask for a new one if it has been a while.",
  reauthentication_required: "Please enter your current password.",
  email_taken: "This address already has an account. Log in, or set a new password below.",
  sign_up_closed: "New accounts are not open to this address.",
  account_disabled: "This account is disabled. Ask the people who run this service.",
  challenge_expired: "This took too long. Please try again.",
  passkey_not_accepted: "This passkey was not accepted.",
  already_set_up: "This is set up already.",
  last_credential: "This is your last way to log in. Set up another one first.",
  identity_taken: "This account elsewhere belongs to another account here.",
  unavailable: "The service is busy. Please try again in a moment.",
  request_timeout: "That took too long. Please try again.",
  internal_error: "Something went wrong on our side. Please try again later.",
};

const issues = {
  required: "Please fill this in.",
  invalid_email: "This is not an e-mail address, such as anna@example.com.",
  too_common: "Many people use this password, so it is easy to guess. Choose another one.",
  same_as_email: "Choose a password that is not your e-mail address.",
  incorrect: "This is not your current password.",
  taken: "This address already has an account.",
};

const providerErrors = {
  access_denied: "You did not log in at the other provider.",
  state_mismatch: "This log-in did not begin in this browser, or took too long. Please try again.",
  provider_failed: "The other provider did not answer as it should. Please try again later.",
  email_missing: "The other provider gave no e-mail address.",
  email_taken: "Your address already has an account. Log in to it first, then link the other provider.",
  identity_taken: errors.identity_taken,
  second_factor_required: "Log in with your second factor.",
  account_disabled: errors.account_disabled,
  sign_up_closed: errors.sign_up_closed,
  too_many_requests: "Too many tries. Please wait a while.",
  unavailable: errors.unavailable,
};

/** Tells a person why a log-in at another provider failed. */
export function providerErrorText(code) {
  return providerErrors[code] ?? providerErrors.provider_failed;
}

/** Tells a person why a request failed; `wait` is the number of seconds to wait, if the service says so. */
export function errorText({ code, message, data }, wait) {
  if (code === "too_many_requests") return `Too many tries. Please wait ${duration(wait)}.`;
  const [only, ...more] = data?.issues ?? [];
  if (only?.code === "incorrect" && more.length === 0) return issues.incorrect;
  return errors[code] ?? message;
}

/** The service's messages about lengths have numbers in them, so they are shown as they are. */
export function issueText({ code, message }) {
  return issues[code] ?? `${message}.`;
}

function duration(seconds) {
  if (!(seconds > 60)) return "a minute";
  const minutes = Math.ceil(seconds / 60);
  return minutes < 120 ? `${minutes} minutes` : `${Math.ceil(minutes / 60)} hours`;
}

// The order matters: Edge and Opera also say Chrome, and Chrome also says Safari.
const browsers = { "Edg": "Edge", "OPR": "Opera", SamsungBrowser: "Samsung Internet", Firefox: "Firefox", FxiOS: "Firefox",
  CriOS: "Chrome", HeadlessChrome: "Chrome", Chrome: "Chrome", Safari: "Safari" };
const systems = { iPhone: "iPhone", iPad: "iPad", Android: "Android", CrOS: "ChromeOS", Windows: "Windows",
  Macintosh: "macOS", Linux: "Linux" };

/** A browser's name for people, such as "Firefox on Windows". Other programs begin with their own name. */
export function programName(userAgent) {
  if (!userAgent) return "Unknown program";
  const named = (names) => Object.entries(names).find(([mark]) => userAgent.includes(mark))?.[1];
  const [browser, system] = [named(browsers), named(systems)];
  if (!userAgent.startsWith("Mozilla/") || !browser) return userAgent.split(/[ /]/)[0].slice(0, 40);
  return system ? `${browser} on ${system}` : browser;
}
