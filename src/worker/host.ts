/** The ready-made worker script: it answers calls and does nothing else. */
import type { Port } from "./protocol";
import { serve } from "./serve";

serve(globalThis as unknown as Port);
