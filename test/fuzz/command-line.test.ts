import { describeCommandLine } from "./command-line";

describeCommandLine(50);
