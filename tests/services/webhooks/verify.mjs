// Reads messages with secrets as JSON, and writes for each whether `standardwebhooks` accepts it.

import { text } from "node:stream/consumers";
import { Webhook, WebhookVerificationError } from "standardwebhooks";

const messages = JSON.parse(await text(process.stdin));
const verdicts = messages.map(({ secret, headers, body }) => {
  try {
    new Webhook(secret).verify(body, headers);
    return true;
  } catch (error) {
    if (error instanceof WebhookVerificationError) return false;
    throw error;
  }
});
console.log(JSON.stringify(verdicts));
