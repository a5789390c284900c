// The pages of log-in and sign-up: afterwards the browser goes where it was asked to, which the service has checked.

import { begin } from "./entry.js";

await begin(() => location.assign(document.body.dataset.returnTo));
