import { flag, number } from '@voiceflow-ml/server/args';
import { createDiarizer } from 'voiceflow-ml';
import { modelWith } from '../accuracy/model.ts';
import { FOLDERS, MODEL } from '../accuracy/options.ts';
import { command } from '../command.ts';
import { type LiveFile, type LiveFolder, measureLive } from '../live.ts';

/** Limits: points of DER that live diarization may cost, and percent of the speech whose label may change. */
const MOST_POINTS = 6;
const MOST_CHANGED = 2;

export const live = command({
  summary: 'DER of live sessions compared with whole recordings, and stability of labels',
  words: 'FOLDER…',
  about: `${FOLDERS}
DER with collar 0 and overlap scored. "renamed" is speech whose label speaker-merged changed after it was final;
"reassigned" is speech that re-clustering the session assigns to another speaker.`,
  options: {
    latency: number([0.5, 5], 1, 'seconds until results are final'),
    step: number([0.25, 1], '0.25', 'seconds between analyses'),
    model: MODEL,
    json: flag('all figures as JSON'),
    check: flag(
      `exit with 1 if the DER is more than ${MOST_POINTS} points higher, or more than ${MOST_CHANGED} % of speech is renamed`,
    ),
  },
  notes: `Example
  npm run bench -- live ../shared/corpus/eval/sim-dev ../shared/corpus/eval/real-dev`,
  async run({ model, latency, step, json, check }, io, folders) {
    await using diarizer = await createDiarizer({ model: await modelWith(model) });
    const result = await measureLive(diarizer, {
      folders,
      latency,
      step,
      signal: io.signal,
      onFile: json ? undefined : (_, file) => io.out(fileLine(file)),
    });
    io.out(json ? JSON.stringify(result) : result.map(folderLine).join('\n'));
    return check && !result.every(withinLimits) ? 1 : 0;
  },
});

export function withinLimits({ live: liveDer, offline, renamed, finalSeconds }: LiveFolder): boolean {
  return liveDer - offline <= MOST_POINTS && 100 * renamed <= MOST_CHANGED * finalSeconds;
}

function fileLine(file: LiveFile): string {
  const { found, reference } = file.speakers;
  return `${file.name.padEnd(16)} ${figures(file)}  speakers ${found} of ${reference}`;
}

function folderLine(folder: LiveFolder): string {
  const cost = folder.live - folder.offline;
  const points = `${verdict(cost <= MOST_POINTS)} live DER ${cost.toFixed(1)} points higher (at most ${MOST_POINTS})`;
  const changed = (100 * folder.renamed) / folder.finalSeconds;
  const labels = `${verdict(changed <= MOST_CHANGED)} ${changed.toFixed(1)} % renamed (at most ${MOST_CHANGED} %)`;
  return [`${folder.folder.padEnd(16)} ${figures(folder)}`, `  ${points}`, `  ${labels}`].join('\n');
}

function figures(row: Omit<LiveFile, 'name' | 'speakers'>): string {
  const share = (seconds: number) =>
    `${row.finalSeconds > 0 ? ((100 * seconds) / row.finalSeconds).toFixed(1) : '–'} %`;
  return [
    `DER live ${row.live.toFixed(1)}, offline ${row.offline.toFixed(1)}, reclustered ${row.reclustered.toFixed(1)}`,
    `renamed ${share(row.renamed)}, reassigned ${share(row.reassigned)}`,
    `latest ${row.latest.toFixed(2)} s`,
  ].join('  ');
}

function verdict(kept: boolean): string {
  return kept ? 'kept  ' : 'MISSED';
}
