/** One check of the suite. `run` rejects with what was seen and expected. */
export interface BackendCase {
  readonly name: string;
  run(): Promise<void>;
}
