import { dirname } from 'node:path';
import { createDiarizer, standard } from 'voiceflow-ml';
import { accuracy, type FolderAccuracy } from '../accuracy/accuracy.ts';
import { CONVERSATION } from '../conversation.ts';
import { MEASURED_MODEL } from '../pipelines.ts';
import type { AccuracyRow } from './types.ts';

/**
 * Measures DER on the demo conversation and on folders of recordings, like `bench accuracy`. A folder that fails adds a
 * line to `notMeasured` and does not stop the others.
 */
export async function measureAccuracy(
  folders: readonly string[],
  notMeasured: string[],
  note: (text: string) => void,
): Promise<AccuracyRow[]> {
  const demo = dirname(CONVERSATION);
  const rows: AccuracyRow[] = [];
  await using diarizer = await createDiarizer({ model: standard, workers: 1 });
  for (const folder of [demo, ...folders]) {
    try {
      const results = await accuracy(diarizer, { folders: [folder], onFile: (_, { name }) => note(name) });
      for (const result of results) {
        rows.push(rowOf(folder === demo ? 'demo conversation' : result.folder, result));
      }
    } catch (error) {
      notMeasured.push(`accuracy on ${folder}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  return rows;
}

function rowOf(set: string, { files, total, countError, rtf }: FolderAccuracy): AccuracyRow {
  const share = (time: number) => (100 * time) / total.scored;
  return {
    pipeline: MEASURED_MODEL,
    set,
    recordings: files.length,
    der: total.der ?? Number.NaN,
    miss: share(total.miss),
    falseAlarm: share(total.falseAlarm),
    confusion: share(total.confusion),
    jer: total.jer ?? Number.NaN,
    countError,
    rtf,
  };
}
