import process from 'node:process';

/**
 * Lets the process outlive the readers of its output (`voiceflow … | head -1`). Without it Node ends the process with a
 * stack trace.
 * @param onReaderGone Called when standard output has no reader anymore.
 * @param onFailure Called when writing to standard output fails for another reason, such as a full disk.
 */
export function outliveReaders(
  onReaderGone: () => void = () => {},
  onFailure: (error: Error) => void = () => {},
): void {
  process.stdout.on('error', (error) => (isReaderGone(error) ? onReaderGone() : onFailure(error)));
  process.stderr.on('error', () => {});
}

/** Whether writing failed because the reader closed the pipe. */
export function isReaderGone(error: unknown): boolean {
  const code = (error as { code?: unknown } | null | undefined)?.code;
  return code === 'EPIPE' || code === 'ERR_STREAM_DESTROYED';
}
