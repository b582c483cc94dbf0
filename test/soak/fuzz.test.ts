import { describeCommandLine } from "../fuzz/command-line";
import { describeDataFiles } from "../fuzz/data-files";
import { describeModelFiles } from "../fuzz/model-files";

describeDataFiles(500);
describeModelFiles(500);
describeCommandLine(500);
