import { gruCell, lstmCell, simpleRnnCell, type Cell } from "../kernels";
import type { RecurrentLayer } from "./layers";

/** The cell that a recurrent layer puts into the scan. */
export function cellOf(config: RecurrentLayer): Cell {
  switch (config.className) {
    case "SimpleRNN":
      return simpleRnnCell(config.activation);
    case "LSTM":
      return lstmCell(config.activation, config.recurrentActivation);
    case "GRU":
      return gruCell(config.activation, config.recurrentActivation, config.resetAfter);
  }
}
