import { describeDataFiles } from "./data-files";

describeDataFiles(50);
