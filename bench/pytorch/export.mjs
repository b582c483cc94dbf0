/**
 * Writes the padded IMDB reviews as raw arrays, for `imdb.py` beside it (run `npm run build` first):
 *
 *     node bench/pytorch/export.mjs DATA_FOLDER OUT_FOLDER
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { imdb, padSequences } from "../../dist/datasets.js";

const [data, out] = process.argv.slice(2);
mkdirSync(out, { recursive: true });
const { train } = await imdb.loadData({ data, numWords: 10_000 });
const { data: tokens } = padSequences(train.x, { maxlen: 500 });
writeFileSync(join(out, "train.x"), new Uint8Array(tokens.buffer));
writeFileSync(join(out, "train.y"), Uint8Array.from(train.y));
