import { describe, expect, it } from 'vitest';
import { VoiceFlowError } from '../contract/errors.ts';
import { assignWords } from './assign-words.ts';
import { groupWords } from './group-words.ts';
import { parseWords } from './parse-words.ts';

/** What two people say, in the form of each recogniser: its keys, and what it leaves out. */
const TURNS = [
  { start: 0, end: 2, speaker: 'A' },
  { start: 2, end: 6, speaker: 'B' },
];
const utterancesOf = (file: unknown) => {
  const { words } = parseWords(typeof file === 'string' ? file : JSON.stringify(file));
  return groupWords(assignWords(words, TURNS, { snap: 'sentence' })).map(({ speaker, text }) => `${speaker}: ${text}`);
};
const UTTERANCES = ['A: Good morning.', 'B: Hello, it is 2014.'];

const ms = (from: number, to: number) => ({
  timestamps: { from: '00:00:00,000', to: '00:00:00,000' },
  offsets: { from, to },
});
const WHISPER_CPP = {
  systeminfo: 'AVX = 1',
  model: { type: 'base' },
  params: { model: 'ggml-base.bin', language: 'en', translate: false },
  result: { language: 'en' },
};
const WHISPER_CPP_FULL = {
  ...WHISPER_CPP,
  transcription: [
    {
      ...ms(0, 5000),
      text: ' Good morning. Hello, it is 2014.',
      tokens: [
        { text: '[_BEG_]', ...ms(0, 0), id: 50363, p: 0.9, t_dtw: -1 },
        { text: ' Good', ...ms(200, 600), id: 1, p: 0.9, t_dtw: -1 },
        { text: ' mor', ...ms(600, 800), id: 2, p: 0.9, t_dtw: -1 },
        { text: 'ning', ...ms(800, 1200), id: 3, p: 0.9, t_dtw: -1 },
        { text: '.', ...ms(1200, 1300), id: 4, p: 0.9, t_dtw: -1 },
        { text: ' Hello', ...ms(2200, 2600), id: 5, p: 0.9, t_dtw: -1 },
        { text: ',', ...ms(2600, 2700), id: 6, p: 0.9, t_dtw: -1 },
        { text: ' it', ...ms(2700, 2900), id: 7, p: 0.9, t_dtw: -1 },
        { text: ' is', ...ms(2900, 3100), id: 8, p: 0.9, t_dtw: -1 },
        { text: ' 2014', id: 9, p: 0.9, t_dtw: -1 },
        { text: '.', ...ms(4000, 4100), id: 10, p: 0.9, t_dtw: -1 },
        { text: '[_TT_250]', ...ms(5000, 5000), id: 50613, p: 0.9, t_dtw: -1 },
      ],
    },
  ],
};
const WHISPER = {
  text: ' Good morning. Hello, it is 2014.',
  language: 'en',
  segments: [
    {
      id: 0,
      seek: 0,
      start: 0.2,
      end: 4.1,
      text: ' Good morning. Hello, it is 2014.',
      tokens: [50364, 2205],
      temperature: 0,
      avg_logprob: -0.2,
      words: [
        { word: ' Good', start: 0.2, end: 0.6, probability: 0.9 },
        { word: ' morning.', start: 0.6, end: 1.3, probability: 0.9 },
        { word: ' Hello,', start: 2.2, end: 2.7, probability: 0.9 },
        { word: ' it', start: 2.7, end: 2.9, probability: 0.9 },
        { word: ' is', start: 2.9, end: 3.1, probability: 0.9 },
        { word: ' 2014.', start: 3.1, end: 4.1, probability: 0.9 },
      ],
    },
  ],
};
const WORDS = [
  { word: 'Good', start: 0.2, end: 0.6, score: 0.9 },
  { word: 'morning.', start: 0.6, end: 1.3, score: 0.9 },
  { word: 'Hello,', start: 2.2, end: 2.7, score: 0.9 },
  { word: 'it', start: 2.7, end: 2.9, score: 0.9 },
  { word: 'is', start: 2.9, end: 3.1, score: 0.9 },
  // Characters that the alignment does not know have no times.
  { word: '2014.' },
];
const WHISPERX = {
  segments: [{ start: 0.2, end: 4.1, text: ' Good morning. Hello, it is 2014.', words: WORDS }],
  word_segments: WORDS,
  language: 'en',
};
const DEEPGRAM = {
  metadata: { request_id: 'r', duration: 6, channels: 1 },
  results: {
    channels: [
      {
        detected_language: 'en',
        alternatives: [
          {
            transcript: 'Good morning. Hello, it is 2014.',
            confidence: 0.99,
            words: [
              { word: 'good', punctuated_word: 'Good', start: 0.2, end: 0.6, confidence: 0.99 },
              { word: 'morning', punctuated_word: 'morning.', start: 0.6, end: 1.3, confidence: 0.99 },
              { word: 'hello', punctuated_word: 'Hello,', start: 2.2, end: 2.7, confidence: 0.99 },
              { word: 'it', punctuated_word: 'it', start: 2.7, end: 2.9, confidence: 0.99 },
              { word: 'is', punctuated_word: 'is', start: 2.9, end: 3.1, confidence: 0.99 },
              { word: '2014', punctuated_word: '2014.', start: 3.1, end: 4.1, confidence: 0.99 },
            ],
          },
        ],
      },
    ],
  },
};
const ASSEMBLYAI = {
  id: 'a1',
  status: 'completed',
  audio_duration: 6,
  language_code: 'en_us',
  text: 'Good morning. Hello, it is 2014.',
  words: [
    { text: 'Good', start: 200, end: 600, confidence: 0.9, speaker: null },
    { text: 'morning.', start: 600, end: 1300, confidence: 0.9, speaker: null },
    { text: 'Hello,', start: 2200, end: 2700, confidence: 0.9, speaker: null },
    { text: 'it', start: 2700, end: 2900, confidence: 0.9, speaker: null },
    { text: 'is', start: 2900, end: 3100, confidence: 0.9, speaker: null },
    { text: '2014.', start: 3100, end: 4100, confidence: 0.9, speaker: null },
  ],
  utterances: null,
};
const CHUNKS = [
  { text: ' Good', timestamp: [0.2, 0.6] },
  { text: ' morning.', timestamp: [0.6, 1.3] },
  { text: ' Hello,', timestamp: [2.2, 2.7] },
  { text: ' it', timestamp: [2.7, 2.9] },
  { text: ' is', timestamp: [2.9, 3.1] },
  { text: ' 2014.', timestamp: [3.1, null] },
];
const SRT =
  '1\n00:00:00,200 --> 00:00:01,300\nGood <i>morning.</i>\n\n2\n00:00:02,200 --> 00:00:04,100\n[SPEAKER_07]: Hello,\nit is 2014.\n';
const VTT = 'WEBVTT\n\n00:00.200 --> 00:01.300\nGood morning.\n\n00:02.200 --> 00:04.100\n<v Ann>Hello, it is 2014.\n';
const without = (segments: readonly { start: number; end: number; text: string }[]) => ({
  text: '',
  segments,
  language: 'en',
});
const SEGMENTS = [
  { start: 0.2, end: 1.3, text: ' Good morning.' },
  { start: 2.2, end: 4.1, text: ' Hello, it is 2014.' },
];

describe('parseWords', () => {
  it.each<[string, unknown, string, 'words' | 'segments', string?]>([
    ['whisper.cpp with tokens', WHISPER_CPP_FULL, 'whisper.cpp', 'words', 'en'],
    [
      'whisper.cpp',
      {
        ...WHISPER_CPP,
        transcription: SEGMENTS.map(({ start, end, text }) => ({ ...ms(start * 1000, end * 1000), text })),
      },
      'whisper.cpp',
      'segments',
      'en',
    ],
    ['openai-whisper', WHISPER, 'whisper', 'words', 'en'],
    ['openai-whisper without words', without(SEGMENTS), 'whisper', 'segments', 'en'],
    ['faster-whisper: a list of segments', WHISPER.segments, 'whisper', 'words'],
    ['whisperX', WHISPERX, 'whisper', 'words', 'en'],
    ['whisperX, words alone', { word_segments: WORDS }, 'whisper', 'words'],
    [
      "the OpenAI API's verbose_json",
      { task: 'transcribe', language: 'english', duration: 6, text: '', words: WORDS, segments: SEGMENTS },
      'whisper',
      'words',
      'english',
    ],
    ['transformers.js', { text: '', chunks: CHUNKS }, 'transformers.js', 'words'],
    ['transformers.js, its chunks', CHUNKS, 'transformers.js', 'words'],
    [
      'transformers.js, segments',
      { text: '', chunks: SEGMENTS.map(({ start, end, text }) => ({ text, timestamp: [start, end] })) },
      'transformers.js',
      'segments',
    ],
    ['Deepgram', DEEPGRAM, 'deepgram', 'words', 'en'],
    ['AssemblyAI', ASSEMBLYAI, 'assemblyai', 'words', 'en_us'],
    ['SRT', SRT, 'srt', 'segments'],
    ['SRT of Windows', `\uFEFF${SRT.replaceAll('\n', '\r\n')}`, 'srt', 'segments'],
    ['WebVTT', VTT, 'vtt', 'segments'],
    ['a list of words', WORDS, 'words', 'words'],
    ['words in an object', { words: WORDS, language: 'en' }, 'words', 'words', 'en'],
  ])('%s', (_, file, format, timing, language) => {
    expect(utterancesOf(file)).toEqual(UTTERANCES);
    expect(parseWords(file)).toMatchObject({ format, timing, language });
  });

  it('reads each segment from its most complete source', () => {
    const [first] = WHISPERX.segments;
    const failed = { start: 4.2, end: 5, text: ' Not aligned.', words: [] };
    const { words, timing } = parseWords({ segments: [first, failed], word_segments: WORDS });
    expect(words.map(({ text }) => text).slice(-2)).toEqual(['Not', 'aligned.']);
    expect(timing).toBe('segments');
  });

  it('merges channels in order of time', () => {
    const channel = (word: string, start: number) => ({
      alternatives: [{ words: [{ word, start, end: start + 0.2 }] }],
    });
    const { words } = parseWords({ results: { channels: [channel('second', 2), channel('first', 1)] } });
    expect(words.map(({ text, channel: from }) => [text, from])).toEqual([
      ['first', 1],
      ['second', 0],
    ]);
  });

  it('splits a segment by the length of its words, or of its letters in languages without blanks', () => {
    const { words } = parseWords('WEBVTT\n\n00:01.000 --> 00:04.000\n你好，Python。\n');
    expect(words.map(({ text, start }) => [text, start])).toEqual([
      ['你', 1],
      ['好，', 1.3],
      ['Python。', 1.9],
    ]);
    expect(utterancesOf('WEBVTT\n\n00:01.000 --> 00:03.000\n你好吗？很好。\n')).toEqual(['A: 你好吗？', 'B: 很好。']);
    const thai = parseWords('WEBVTT\n\n00:01.000 --> 00:04.000\nสวัสดี\n').words;
    expect(thai.map(({ text }) => text).join('')).toBe('สวัสดี');
  });

  it('uses the segment’s text where tokens of whisper.cpp split letters', () => {
    const tokens = [
      { text: '\uFFFD', ...ms(0, 500) },
      { text: '\uFFFD', ...ms(500, 900) },
    ];
    const { words, timing } = parseWords({ transcription: [{ ...ms(0, 1000), text: '你好', tokens }] });
    expect(words.map(({ text }) => text)).toEqual(['你', '好']);
    expect(timing).toBe('segments');
  });

  it.each<[unknown, string]>([
    ['', 'neither JSON, nor SRT, nor WebVTT'],
    ['Good morning.', 'neither JSON, nor SRT, nor WebVTT'],
    ['{"segments": [', 'the words are not valid JSON'],
    ['{"hello": 1}', 'the JSON has no words in any known place'],
    ['[1, 2]', 'a list, but not of words'],
    [7, 'the JSON has no words in any known place'],
    [{ transcription: {} }, 'transcription is an object, expected a list'],
    [
      { transcription: [{ offsets: { from: '0' } }] },
      'transcription[0].offsets.from is "0", expected a number of milliseconds',
    ],
    [{ segments: [{ text: 'a', start: '1' }] }, 'segments[0].start is "1", expected a number of seconds'],
    [{ segments: [{ words: [{ start: 1 }] }] }, 'segments[0].words[0].text is absent, expected the word'],
    [{ results: { channels: [{ alternatives: [{ words: 1 }] }] } }, 'results.channels[0].alternatives[0].words is 1'],
    [
      { status: 'processing', audio_url: 'a' },
      'the transcript of AssemblyAI has no words (its status is "processing")',
    ],
    [{ chunks: [{ text: 'a', timestamp: [0, 1] }, { text: 'a' }] }, 'chunks[1].timestamp is absent, expected a list'],
    ['1\n00:00:01,0 --> x\nHello\n', 'SRT line 2'],
  ])('rejects %j', (file, message) => {
    expect(() => parseWords(file)).toThrow(VoiceFlowError);
    expect(() => parseWords(file)).toThrow(message);
  });

  it('reads files without words', () => {
    for (const file of ['[]', '{"segments":[],"text":""}', '{"transcription":[]}', 'WEBVTT\n']) {
      expect(parseWords(file).words).toEqual([]);
    }
  });
});
