/** Types of report.mjs, which is plain JavaScript because it runs before there is a compiler. */
interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}
interface TestFile {
  readonly name: string;
  readonly status: string;
  readonly message: string;
  readonly assertionResults: readonly { readonly status: string; readonly fullName: string }[];
}
export function count(
  report: { readonly testResults: readonly TestFile[] },
  ended: boolean,
): Counts & { readonly failures: string[] };
export function lastLine(counts: Counts): string;
