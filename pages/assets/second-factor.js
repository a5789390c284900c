// The second step of a log-in, and of a fresh proof.

/** What a person has entered: six digits are the code of an app; everything else can only be a recovery code. */
export function secondFactor(entered) {
  const digits = entered.replaceAll(" ", "");
  return /^\d{6}$/.test(digits) ? { code: digits } : { recovery_code: entered.trim() };
}
