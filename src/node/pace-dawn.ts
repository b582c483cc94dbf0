let paced = false;

/**
 * Lets Dawn wait without a core of its own. While anything is awaited, Dawn has `setImmediate` call it
 * again and again. That goes unnoticed beside a real GPU, but a software adapter computes on the same
 * cores: with two of them, and others at work, compiling a model took nearly three times as long. So
 * Dawn's calls, and only those, come once a millisecond instead, after a few at once for short waits.
 */
export function paceDawn(): void {
  if (paced) return;
  paced = true;
  const immediately = globalThis.setImmediate;
  let atOnce = 0;
  let idleSince = 0;

  function schedule(callback: () => void): void {
    const now = performance.now();
    if (now - idleSince > pause) atOnce = 0;
    idleSince = now;
    if (atOnce++ < patience) immediately(callback);
    else {
      setTimeout(() => {
        idleSince = performance.now();
        callback();
      }, 1);
    }
  }

  // Dawn looks the function up on the global object each time.
  const setImmediatePaced = (callback: (...args: unknown[]) => void, ...args: unknown[]) =>
    isDawns(callback) ? schedule(callback) : immediately(callback, ...args);
  // With them comes the variant for util.promisify.
  Object.defineProperties(setImmediatePaced, Object.getOwnPropertyDescriptors(immediately));
  globalThis.setImmediate = setImmediatePaced as typeof setImmediate;
}

/** So many calls at once, before pauses are made. */
const patience = 50;
/** Milliseconds without a call after which a new wait begins. */
const pause = 2;

/** Dawn passes a native function without a name. */
function isDawns(callback: (...args: unknown[]) => void): boolean {
  return (
    callback.name === "" && Function.prototype.toString.call(callback) === "function () { [native code] }"
  );
}
