import { abortError, VoiceFlowError } from './errors.ts';

/** A file that a package brings along and that a page fetches from where the bundler has put it. */
export interface PackageFile {
  /** Named in errors, such as "the weights of fast-cnn". */
  readonly what: string;
  readonly url: URL;
  readonly packageName: string;
  /** Inside the package, such as `dist/x.wasm`. */
  readonly path: string;
  /** How a program hands it over itself, for the hint: `fastCnnFrom(addressOrBytes)`. */
  readonly instead: string;
}

/** The part of a `Response` that is used. */
export interface FetchedFile {
  readonly status: number;
  readonly ok: boolean;
  readonly headers: { get(name: string): string | null };
  arrayBuffer(): Promise<ArrayBuffer>;
}

/** Vite before version 8 moves scripts of packages there for its development server, without the files beside them. */
const VITE_CACHE = /^(.*\/node_modules\/)\.vite[^/]*\//;

/**
 * Fetches it from where the bundler put it, or else from where Vite's development server keeps packages.
 * @param read Takes what came. What it throws counts as "this is not the file".
 * @throws `model-not-found` with every address that was asked and what came from there; `aborted`.
 */
export async function fetchPackageFile<T>(
  file: PackageFile,
  read: (response: FetchedFile) => Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  const tried: string[] = [];
  let cause: unknown;
  for (const address of addresses(file)) {
    try {
      const response = await fetch(address, { signal });
      if (!response.ok) throw new Error(`the answer was ${response.status}`);
      const type = response.headers.get('content-type') ?? '';
      if (/^text\/html\b/i.test(type)) throw new Error('a page of HTML came instead');
      return await read(response);
    } catch (error) {
      if (signal?.aborted) throw abortError(signal);
      if (VoiceFlowError.isInstance(error)) throw error;
      tried.push(`from ${address}: ${error instanceof Error ? error.message : String(error)}`);
      cause = error;
    }
  }
  throw new VoiceFlowError('model-not-found', `${file.what} could not be fetched ${tried.join('; ')}`, {
    hint:
      `the bundler left ${file.path} of ${file.packageName} out: copy it beside the bundle (esbuild, Rollup), ` +
      `exclude the package from pre-bundling (Vite: optimizeDeps.exclude), or hand it over: ${file.instead}`,
    cause,
  });
}

/** The bytes of an answer. @throws Error unless there are as many as expected. */
export async function bytesOf(response: FetchedFile, expected?: number): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(await response.arrayBuffer());
  if (expected === undefined || bytes.length === expected) return bytes;
  throw new Error(`${bytes.length} bytes came${looksLikeHtml(bytes) ? ' (HTML)' : ''}, ${expected} were expected`);
}

/** Whether bytes begin as a page does, which single-page servers give for every unknown address. */
export function looksLikeHtml(bytes: Uint8Array): boolean {
  const start = String.fromCharCode(...bytes.subarray(0, 64)).trimStart();
  return /^<(!doctype|html|head|\?xml)/i.test(start);
}

function addresses({ url, packageName, path }: PackageFile): string[] {
  const vite = VITE_CACHE.exec(url.href);
  return vite ? [`${vite[1]}${packageName}/${path}`, url.href] : [url.href];
}
