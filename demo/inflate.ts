/** What jsfive wants of a library for deflate, by the one that the page has anyway. */
export { unzlibSync as inflate } from "fflate";
