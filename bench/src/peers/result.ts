/** How the same recordings fare with something else. */
export interface PeerResult {
  readonly name: string;
  readonly version: string;
  readonly lines: readonly string[];
  readonly figures: Readonly<Record<string, number | undefined>>;
}
