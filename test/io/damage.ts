import { Random } from "../support/random";
