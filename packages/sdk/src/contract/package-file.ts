import { abortError, VoiceFlowError } from './errors.ts';

/** A file that ships in a package. A web page fetches it from where the bundler has put it. */
export interface PackageFile {
  /** Description for error messages, such as "the weights of fast-cnn". */
  readonly what: string;
  readonly url: URL;
  readonly packageName: string;
  /** Path inside the package, such as `dist/x.wasm`. */
  readonly path: string;
  /** How a program can supply the file itself, for the error's hint, such as `fastCnnFrom(addressOrBytes)`. */
  readonly instead: string;
}

/** The subset of `Response` that is used. */
interface FetchedFile {
  readonly status: number;
  readonly ok: boolean;
  readonly headers: { get(name: string): string | null };
  arrayBuffer(): Promise<ArrayBuffer>;
}

/** Vite before version 8 copies package scripts here for its development server, without the files next to them. */
const VITE_CACHE = /^(.*\/node_modules\/)\.vite[^/]*\//;

/**
 * Fetches the file from where the bundler put it, or from where Vite's development server keeps packages.
 * @param read Reads the response. If it throws, the response is treated as not being the file.
 * @throws `model-not-found`, listing each URL that was tried and its response; `aborted`.
 */
export async function fetchPackageFile<T>(
  file: PackageFile,
  read: (response: FetchedFile) => Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  const tried: string[] = [];
  let answered = false;
  let cause: unknown;
  for (const address of addresses(file)) {
    try {
      const response = await fetch(address, { signal });
      answered ||= response.status < 500;
      if (!response.ok) throw new Error(`HTTP status ${response.status}`);
      const type = response.headers.get('content-type') ?? '';
      if (/^text\/html\b/i.test(type)) throw new Error('received an HTML page');
      return await read(response);
    } catch (error) {
      if (signal?.aborted) throw abortError(signal);
      if (VoiceFlowError.isInstance(error)) throw error;
      tried.push(`from ${address}: ${error instanceof Error ? error.message : String(error)}`);
      cause = error;
    }
  }
  throw new VoiceFlowError('model-not-found', `${file.what} could not be fetched ${tried.join('; ')}`, {
    hint: answered
      ? `the bundler omitted ${file.path} of ${file.packageName}: copy it next to the bundle (esbuild, Rollup), ` +
        `exclude the package (Vite: optimizeDeps.exclude), or pass it: ${file.instead}`
      : 'check the connection and try again',
    cause,
  });
}

/** Reads the body of a response. @throws Error if its length is not the expected one. */
export async function bytesOf(response: FetchedFile, expected?: number): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(await response.arrayBuffer());
  if (expected === undefined || bytes.length === expected) return bytes;
  throw new Error(`received ${bytes.length} bytes${looksLikeHtml(bytes) ? ' (HTML)' : ''}, expected ${expected}`);
}

/** Whether the bytes begin like an HTML page, which single-page-app servers return for every unknown URL. */
export function looksLikeHtml(bytes: Uint8Array): boolean {
  const start = String.fromCharCode(...bytes.subarray(0, 64)).trimStart();
  return /^<(!doctype|html|head|\?xml)/i.test(start);
}

function addresses({ url, packageName, path }: PackageFile): string[] {
  const vite = VITE_CACHE.exec(url.href);
  return vite ? [`${vite[1]}${packageName}/${path}`, url.href] : [url.href];
}
