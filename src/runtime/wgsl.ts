import { wgsl as preprocess } from "wgsl-preprocessor/wgsl-preprocessor.js";

/** A value in a WGSL template: a named snippet, lines of text, a compile-time constant, or the flag of an `#if`. */
export type WgslValue = string | readonly string[] | number | boolean;

/**
 * Template tag for WGSL text with `#if ${flag} … #elif ${flag} … #else … #endif`.
 *
 * @example
 * wgsl`#if ${masked} if (token == 0u) { continue; } #endif`
 */
export function wgsl(strings: TemplateStringsArray, ...values: WgslValue[]): string {
  return preprocess(
    strings,
    ...values.map((value) => (typeof value === "object" ? value.join("\n") : value)),
  );
}

/** Repeats a line for 0 ≤ i < count: the one place where unrolled text comes from. */
export function unroll(count: number, line: (i: number) => string, separator = "\n"): string {
  return Array.from({ length: count }, (_, i) => line(i)).join(separator);
}
