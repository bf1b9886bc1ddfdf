/** Where recordings lie between their upload and their work. Names of objects are made by us: `audio/…`. */
export interface Storage {
  /**
   * Writes an object as it comes; nothing is there when it fails.
   * @returns Bytes written.
   * @throws what `body` throws; `overloaded` when there is no room, `backend-unavailable` when the storage is away.
   */
  put(name: string, body: AsyncIterable<Uint8Array>): Promise<number>;
  /**
   * Makes an object a file for `use`, which may only read it.
   * @throws `invalid-audio` when there is no such object, `backend-unavailable`, what `use` throws.
   */
  withFile<T>(name: string, signal: AbortSignal, use: (path: string) => Promise<T>): Promise<T>;
  /** Deletes an object; none is no error. */
  delete(name: string): Promise<void>;
  /** Objects that were written longer ago than so many seconds. */
  old(seconds: number): AsyncIterable<string>;
}

/** The object of a job. */
export function objectOf(id: string): string {
  return `audio/${id}`;
}
