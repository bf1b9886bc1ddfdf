/** Results of another program on the same recordings. */
export interface PeerResult {
  readonly name: string;
  readonly version: string;
  readonly lines: readonly string[];
  readonly figures: Readonly<Record<string, number | undefined>>;
}
