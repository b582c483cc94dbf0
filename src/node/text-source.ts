import { existsSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import { FormatError, describe } from "../runtime/errors";
import { readFile } from "./files";
import { packageRoot } from "./package-root";

/** Melville's text is in the public domain; where it was taken from stands beside it, in SOURCE.txt. */
const bundled = join("texts", "moby-dick.txt.gz");

/** Where the text that comes with the package lies: in a checkout, or in what is published of it. */
function bundledText(): string {
  const folders = ["public", "dist"].map((folder) => join(packageRoot(), folder, bundled));
  return folders.find((file) => existsSync(file)) ?? folders[1];
}

/**
 * A text file as a string, without a byte order mark and with plain line ends.
 *
 * @param path of a UTF-8 file, which may be packed with gzip; the bundled text where it is left out
 * @throws {InvalidInputError} there is no such file.
 * @throws {FormatError} it is no UTF-8, its gzip is damaged, or it is empty.
 */
export async function readText(path: string = bundledText()): Promise<string> {
  const bytes = await readFile(path);
  const refused = (expected: string, got: string, cause?: unknown) =>
    new FormatError(describe("readText", expected, `${got} in "${path}"`, "pass another file"), { cause });
  const packed = bytes[0] === 0x1f && bytes[1] === 0x8b;
  const plain = packed
    ? await promisify(gunzip)(bytes).catch((cause: unknown) => {
        throw refused("a whole gzip file", "a damaged one", cause);
      })
    : bytes;
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(plain);
  } catch (cause) {
    throw refused("UTF-8 text", "other bytes", cause);
  }
  if (text.length === 0) throw refused("a text", "nothing");
  return text.replace(/\r\n?/g, "\n");
}
