/** This version brings no types along; what the tests use of it is as in ONNX Runtime Web. */
declare module "onnxruntime-node" {
  export { InferenceSession, Tensor } from "onnxruntime-web";
}
