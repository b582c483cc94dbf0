import { invalid } from "../../runtime/errors";

/** What is done to a text before it is split; Keras's names in camelCase, and Keras's own. */
export type StandardizeName = "lowerAndStripPunctuation" | "lower" | "stripPunctuation";

/** Where a text is cut: at runs of white space, or between all characters. */
export type SplitName = "whitespace" | "character";

/** As Keras's expression has it: the apostrophe goes too. */
const PUNCTUATION = /[!"#$%&()*+,\-./:;<=>?@[\\\]^_`{|}~']/g;

/** What C's isspace takes for space, which is where TensorFlow splits. */
const SPACE = /[ \t\n\v\f\r]+/;

/** TensorFlow lowers the letters of ASCII only. */
const lower = (text: string): string => text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
const strip = (text: string): string => text.replace(PUNCTUATION, "");

export const standardizers: Record<StandardizeName, (text: string) => string> = {
  lowerAndStripPunctuation: (text) => strip(lower(text)),
  lower,
  stripPunctuation: strip,
};

export const splitters: Record<SplitName, (text: string) => string[]> = {
  whitespace: (text) => text.split(SPACE).filter(Boolean),
  character: (text) => Array.from(text),
};

/** A name of `table`, given so or with underscores. */
export function namedOption<Name extends string>(
  option: string,
  given: string,
  table: Record<Name, unknown>,
): Name {
  const name = given.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
  if (Object.hasOwn(table, name)) return name as Name;
  const expected = `${option} as one of ${Object.keys(table).join(", ")}, a function or null`;
  throw invalid("textVectorization", expected, `"${given}"`, "pass one of these");
}
