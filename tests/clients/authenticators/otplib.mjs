// Prints the code of a secret at a time in seconds since 1970.
import { generate } from "otplib";

const [secret, seconds] = process.argv.slice(2);
console.log(await generate({ secret, epoch: Number(seconds) }));
