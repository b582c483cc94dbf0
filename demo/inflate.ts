/** What jsfive imports of a library for deflate. Never called: `webgpu-rnn/io` puts an inflate with a bound in its place. */
export const inflate = undefined;
