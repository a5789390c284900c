// The start page signs up and logs in on the spot.

import { begin, showSignedIn } from "./entry.js";

await begin(showSignedIn);
