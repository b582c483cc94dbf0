/** How the steps of a batch become state rows. */
export interface BatchLayout {
  /** Samples that begin with zeros branch off one shared run over the padding. */
  sharePrefix: boolean;
  /** Steps run from the end of the row to its beginning. */
  reverse?: boolean;
  /** One output per step, not one per sample. */
  sequences?: boolean;
  /** Padding (token 0) does not count in the loss. */
  maskLoss?: boolean;
  /** Labels per output row. */
  labelWidth: number;
  /** The plan lists the token of every state row (embeddings that are not projected). */
  rowTokens?: boolean;
  /** All recurrent layers carry their states from batch to batch, not only the stateful ones. */
  carriesState?: boolean;
  /** The plan brings the batch's tokens along; elsewhere they lie on the device. */
  ownTokens?: boolean;
  /** Steps of each stage, the data's first, where layers change the number of steps; none elsewhere. */
  stages: readonly number[];
}

/** The largest batch that a plan must hold. */
export interface BatchCapacity {
  samples: number;
  /** Of a sample, or of the longest of the windows of time in which it is taken. */
  steps: number;
  /** Windows of each sample; 1 where samples are taken whole. */
  windows: number;
  /** State rows, those before each first step included. */
  rows: number;
  distinct: number;
  tasks: number;
  outputs: number;
}
