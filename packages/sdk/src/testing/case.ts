/** One test of the suite. `run` rejects with the actual and the expected result. */
export interface BackendCase {
  readonly name: string;
  run(): Promise<void>;
}
