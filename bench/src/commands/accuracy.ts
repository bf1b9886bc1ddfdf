import { createDiarizer } from 'voiceflow-ml';
import type { Score } from 'voiceflow-ml/metrics';
import { accuracy, type FileAccuracy, type FolderAccuracy } from '../accuracy/accuracy.ts';
import { parseSettings, parseWithFolders } from '../accuracy/flags.ts';
import { modelWith } from '../accuracy/model.ts';
import { type BenchCommand, countFlag, textFlag } from '../args.ts';

export const accuracyCommand: BenchCommand = {
  summary: 'diarization error of folders of recordings with RTTM beside them',
  help: `npm run bench -- accuracy FOLDER… [options]

  FOLDER            audio (.wav; .flac, .opus, .ogg and .mp3 with python3 and soundfile) with NAME.rttm beside NAME
  --model NAME      standard (default), fast-cnn (without the segmenter), a pulled model, or a folder with a manifest.json
  --count-known     tell the number of speakers
  --repeat 4        each recording so many times in a row
  --set A=1,B=2     settings of the manifest to replace, such as cluster.evidence=6,gate.speech=0.4
  --json            all figures as JSON

DER with collar 0 and overlap scored, one fixed setting for all files.

Example
  npm run bench -- accuracy ../shared/corpus/eval/sim-dev ../shared/corpus/eval/real-dev`,
  async run(args, io) {
    const { folders, flags } = parseWithFolders(args, {
      'count-known': 'boolean',
      repeat: 'string',
      set: 'string',
      model: 'string',
      json: 'boolean',
    });
    const model = await modelWith(textFlag(flags, 'model') ?? 'standard', parseSettings(textFlag(flags, 'set') ?? ''));
    const diarizer = await createDiarizer({ model });
    try {
      const result = await accuracy(diarizer, {
        folders,
        countKnown: flags['count-known'] === true,
        repeat: countFlag(flags, 'repeat', [1, 100], 1),
        signal: io.signal,
        onFile: flags.json === true ? undefined : (_, file) => io.out(fileLine(file)),
      });
      io.out(flags.json === true ? JSON.stringify(result) : result.map(folderLine).join('\n'));
      return 0;
    } finally {
      await diarizer.close();
    }
  },
};

function fileLine(file: FileAccuracy): string {
  const { reference, found } = file.speakers;
  return `${file.name.padEnd(16)} ${rates(file)}  voices ${found} of ${reference}  RTF ${file.rtf.toFixed(4)}`;
}

function folderLine({ folder, total, countError, countBias, rtf }: FolderAccuracy): string {
  const bias = `${countBias < 0 ? '−' : '+'}${Math.abs(countBias).toFixed(2)}`;
  return `${folder.padEnd(16)} ${rates(total)}  voices off by ${countError.toFixed(2)} (${bias})  RTF ${rtf.toFixed(4)}`;
}

function rates({ der, miss, falseAlarm, confusion, scored, jer }: Score): string {
  const share = (seconds: number) => ((100 * seconds) / scored).toFixed(1);
  const parts = `miss ${share(miss)}, false alarm ${share(falseAlarm)}, confusion ${share(confusion)}`;
  return `DER ${der?.toFixed(1) ?? '–'} (${parts})  JER ${jer?.toFixed(1) ?? '–'}`;
}
