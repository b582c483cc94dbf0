/** The user has stopped the program; the message says what is left. */
export class StoppedError extends Error {
  override name = "StoppedError";
}
