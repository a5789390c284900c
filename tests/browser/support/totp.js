import { createHmac } from "node:crypto";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const source = await readFile(createRequire(import.meta.url).resolve("jsqr/dist/jsQR.js"), "utf8");

/** What an authenticator app shows for a secret, `steps` half minutes from now (RFC 6238). */
export function appCode(secret, steps = 0) {
  const bits = [...secret.replaceAll(" ", "")].map((letter) => alphabet.indexOf(letter).toString(2).padStart(5, "0"));
  const bytes = bits.join("").match(/.{8}/g).map((byte) => parseInt(byte, 2));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000) + steps));
  const hash = createHmac("sha1", Buffer.from(bytes)).update(counter).digest();
  const number = hash.readUInt32BE(hash.at(-1) & 15) & 0x7fffffff;
  return String(number % 1_000_000).padStart(6, "0");
}

/** Reads a QR code on the page, as the camera of a phone does. */
export async function scan(page, name) {
  const image = page.getByRole("img", { name });
  await image.evaluate((picture) => picture.decode());
  await page.evaluate(source);
  return image.evaluate((picture) => {
    const canvas = Object.assign(document.createElement("canvas"), { width: 400, height: 400 });
    const pen = canvas.getContext("2d");
    pen.fillStyle = "white";
    pen.fillRect(0, 0, 400, 400);
    pen.drawImage(picture, 20, 20, 360, 360);
    const { data } = pen.getImageData(0, 0, 400, 400);
    const read = jsQR(data, 400, 400);
    return read?.data;
  });
}
