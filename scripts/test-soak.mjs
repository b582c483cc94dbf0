/** `npm run test:soak -- ARGUMENTS OF VITEST`: the tests that take long, one file after the other, with their figures. */
import { testProject } from "./lib/vitest.mjs";

await testProject("soak", "--no-file-parallelism", "--disable-console-intercept=true");
