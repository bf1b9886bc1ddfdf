import type { Progress } from '../contract/options.ts';

const STAGES: readonly Progress['stage'][] = ['model', 'cluster', 'done'];

/**
 * Combines the progress of channels that are processed in parallel: reports the progress of the slowest channel,
 * whenever any channel makes progress.
 * @returns For each channel (0, 1, …), the callback for its progress.
 */
export function channelProgress(
  channels: number,
  report: (progress: Progress) => void,
): (channel: number) => (progress: Progress) => void {
  const reached = Array.from({ length: channels }, (): Progress => ({ stage: 'model', done: 0 }));
  return (channel) => (progress) => {
    reached[channel] = progress;
    report({ ...progress, ...last(reached) });
  };
}

function last(reached: readonly Progress[]): Pick<Progress, 'stage' | 'done'> {
  const order = ({ stage, done }: Progress) => [STAGES.indexOf(stage), done] as const;
  const { stage, done } = reached.reduce((a, b) => {
    const [x, y] = [order(a), order(b)];
    return y[0] < x[0] || (y[0] === x[0] && y[1] < x[1]) ? b : a;
  });
  return { stage, done };
}
