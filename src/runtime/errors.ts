/**
 * Every error of the library is one of these classes. Messages have one form:
 * `where: expected …, got …; do …`.
 */
export class WebGpuRnnError extends Error {
  override name = "WebGpuRnnError";
}

/** An argument, a file or a data set is not what the call takes. */
export class InvalidInputError extends WebGpuRnnError {
  override name = "InvalidInputError";
}

/** A call came at the wrong time: before `compile`, after `dispose`, during another `fit`. */
export class StateError extends WebGpuRnnError {
  override name = "StateError";
}

/** No WebGPU, an insecure page, no adapter, or a device that was refused. */
export class DeviceError extends WebGpuRnnError {
  override name = "DeviceError";
}

/** The device was lost while it was in use. */
export class DeviceLostError extends DeviceError {
  override name = "DeviceLostError";
}

/** The device has not the memory, or binds no tensor of that size. */
export class OutOfMemoryError extends DeviceError {
  override name = "OutOfMemoryError";
}

/** A tensor is larger than the device's limits allow, however much memory there is. */
export class TooLargeError extends OutOfMemoryError {}

/** A shader, a pipeline or a binding is not what the kernel declared. */
export class KernelError extends WebGpuRnnError {
  override name = "KernelError";
}

/** A file's bytes are damaged, cut off, or of another kind than expected. */
export class FormatError extends WebGpuRnnError {
  override name = "FormatError";
}

/** A file could not be downloaded, or what came is not the file. */
export class DownloadError extends WebGpuRnnError {
  override name = "DownloadError";
}

/** The layout of a message: where it happened, what was expected, what came, what to do. */
export function describe(where: string, expected: string, got: string, remedy: string): string {
  return `${where}: expected ${expected}, got ${got}; ${remedy}`;
}

/** A message without what stands below it: a kernel's error has the whole source there. */
export const firstLine = ({ message }: Error): string => message.split("\n")[0];

/** The error for input that is not as expected, in that layout. */
export function invalid(where: string, expected: string, got: string, remedy: string): InvalidInputError {
  return new InvalidInputError(describe(where, expected, got, remedy));
}
