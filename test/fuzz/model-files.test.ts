import { describeModelFiles } from "./model-files";

describeModelFiles(50);
