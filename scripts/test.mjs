/** `npm test -- ARGUMENTS OF VITEST`: set-up, then every test but those that take long. */
import { testProject } from "./lib/vitest.mjs";

await testProject("tests*");
