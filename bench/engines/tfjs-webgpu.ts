import "@tensorflow/tfjs-backend-webgpu";
import type { Engine } from "./engine";
import { tfjs } from "./tfjs";

export const tfjsWebgpu: Engine = tfjs({ name: "webgpu", trains: true });
