import { RandomState } from "../random-state";
import { blame, closings, distractors, irony, lists, neutral, praise, verdicts } from "./grammar";

/** One review of the sample corpus: its text and its label, 1 for praise and 0 for blame. */
export interface SampleReview {
  text: string;
  label: 0 | 1;
}

type Sign = 1 | -1;
type Part = "train" | "test";

const SHORTEST = 15;
const LONGEST = 120;
const LONGEST_SENTENCE = 24;

/** Chances in 100 of each form of a verdict; the rest is irony. */
const FORMS: [form: keyof typeof verdicts, chance: number][] = [
  ["plain", 70],
  ["negated", 16],
  ["contrast", 10],
];

/** In 100 distractors, how many lean against the words of the verdict, so that counting words says little. */
const AGAINST = 92;

/** In 100 choices of the test part, how many fall on what training never shows. */
const FRESH = 10;

/** Alternatives, parted into those that both parts use and those kept for the test part. */
const parsed = new Map<string, { usual: string[]; fresh: string[] }>();

function parse(alternatives: string) {
  let found = parsed.get(alternatives);
  if (!found) {
    const all = alternatives.split("|");
    found = {
      usual: all.filter((text) => !text.startsWith("*")),
      fresh: all.filter((text) => text.startsWith("*")).map((text) => text.slice(1)),
    };
    parsed.set(alternatives, found);
  }
  return found;
}

/** Writes one review, and keeps count of its polar words. */
class Writer {
  /** Words of praise less words of blame, so far. */
  #balance = 0;
  readonly #random: RandomState;
  readonly #part: Part;
  readonly #used = new Set<string>();

  constructor(random: RandomState, part: Part) {
    this.#random = random;
    this.#part = part;
  }

  /** Whether praise or blame prevails clearly. */
  get leans(): boolean {
    return Math.abs(this.#balance) > 1;
  }

  chance(percent: number): boolean {
    return this.#random.interval(99) < percent;
  }

  between(low: number, high: number): number {
    return low + this.#random.interval(high - low);
  }

  pick(alternatives: string): string {
    const { usual, fresh } = parse(alternatives);
    const choice = this.#part === "test" && fresh.length > 0 && this.chance(FRESH) ? fresh : usual;
    return choice[this.#random.interval(choice.length - 1)];
  }

  /** A pattern that this review has not used yet, as long as there is one. */
  #pattern(alternatives: string): string {
    let pattern = this.pick(alternatives);
    for (let tries = 0; tries < 8 && this.#used.has(pattern); tries++) pattern = this.pick(alternatives);
    this.#used.add(pattern);
    return pattern;
  }

  sentence(alternatives: string, sign: Sign): string {
    const text = this.#pattern(alternatives).replace(/\{([+-]?)(\w+)\}/g, (_, mark: string, name: string) => {
      if (mark === "") return this.pick(lists[name]);
      const surface = mark === "+" ? sign : -sign;
      this.#balance += surface;
      return this.pick((surface > 0 ? praise : blame)[name]);
    });
    return (text[0].toUpperCase() + text.slice(1)).replace(/\b([Aa]) (?=[aeiou])/g, "$1n ") + ".";
  }

  verdict(sign: Sign): string {
    let left = this.#random.interval(99);
    for (const [form, chance] of FORMS) {
      if (left < chance) return this.sentence(verdicts[form], sign);
      left -= chance;
    }
    return this.sentence(sign > 0 ? irony.praise : irony.blame, sign);
  }

  distractor(): string {
    const even = this.#balance === 0 || !this.chance(AGAINST);
    const praises = even ? this.chance(50) : this.#balance < 0;
    return this.sentence(distractors, praises ? 1 : -1);
  }
}

const countWords = (sentences: string[]): number => sentences.join(" ").split(" ").length;

/** The verdicts stand at the end, everything else before them in any order. */
function writeReview(random: RandomState, part: Part): SampleReview {
  const writer = new Writer(random, part);
  const sign: Sign = writer.chance(50) ? 1 : -1;
  const end = Array.from({ length: writer.between(3, 4) }, () => writer.verdict(sign));
  if (writer.chance(30)) end.push(writer.sentence(closings, sign));
  const start: string[] = [];
  const wanted = writer.between(SHORTEST, LONGEST - 40);
  for (let words = countWords(end); words < wanted || writer.leans; words = countWords([...start, ...end])) {
    if (words > LONGEST - LONGEST_SENTENCE) break;
    const next = writer.leans || writer.chance(50) ? writer.distractor() : writer.sentence(neutral, sign);
    start.splice(writer.between(0, start.length), 0, next);
  }
  return { text: [...start, ...end].join(" "), label: sign > 0 ? 1 : 0 };
}

/** `count` reviews, the same ones for the same seed; patterns and words marked fresh only in the test part. */
export function generateReviews(count: number, part: Part, seed: number): SampleReview[] {
  const random = new RandomState(seed);
  return Array.from({ length: count }, () => writeReview(random, part));
}
