/** A line of the written conversation. */
interface Line {
  readonly voice: Voice;
  readonly text: string;
  /**
   * Seconds between the end of the line before it and the start of this one. Negative: it begins before the other has
   * finished (an interruption, or two people at once).
   */
  readonly gap: number;
  /** A short remark during somebody else's line: the next `gap` still counts from the line before this one. */
  readonly beside?: true;
}

/** The four voices are flite's; `awb` and `rms` are men, `slt` a woman, `kal16` the robot of the group. */
export type Voice = 'slt' | 'rms' | 'awb' | 'kal16';

/** Four friends plan a night on a lighthouse. */
export const DIALOGUE: readonly Line[] = [
  {
    voice: 'slt',
    gap: 0.6,
    text: 'Okay, everyone, listen. The meteor shower is on Friday night, and I want us on top of the old lighthouse.',
  },
  { voice: 'rms', gap: -0.35, text: 'The lighthouse? The one with two hundred steps?' },
  { voice: 'slt', gap: 0.2, text: 'Two hundred and twelve.' },
  { voice: 'awb', gap: 0.45, text: 'I will carry the soup. Nobody else touches the soup.' },
  { voice: 'kal16', gap: -0.7, text: 'Very wise.', beside: true },
  {
    voice: 'rms',
    gap: 0.3,
    text: 'Hold on. Last time, the soup was at the bottom of the stairs before we were at the top.',
  },
  { voice: 'awb', gap: -0.9, text: 'That was one time! And those stairs were wet.' },
  {
    voice: 'kal16',
    gap: 0.5,
    text: 'I have made a list. Four blankets, one telescope, nine sandwiches, and a ladder.',
  },
  { voice: 'slt', gap: -0.3, text: 'A ladder? Why on earth would we need a ladder?' },
  { voice: 'kal16', gap: 0.35, text: 'In case somebody drops the keys into the sea again.' },
  { voice: 'rms', gap: -0.25, text: 'Oh, come on, that could have happened to anybody.' },
  { voice: 'awb', gap: -0.6, text: 'It only ever happens to you.' },
  { voice: 'slt', gap: 0.4, text: 'Fine. We bring the ladder. Now, who is driving?' },
  { voice: 'rms', gap: 0.15, text: 'I can drive, if nobody minds the goat.' },
  { voice: 'slt', gap: -0.3, text: 'What goat?', beside: true },
  { voice: 'awb', gap: 0.05, text: 'Not him! Last summer he took us to the wrong island.' },
  {
    voice: 'kal16',
    gap: 0.45,
    text: 'The forecast says rain until ten. After that, the sky will be perfectly clear until the morning.',
  },
  { voice: 'slt', gap: -3.4, text: 'Lovely.', beside: true },
  { voice: 'rms', gap: 0.3, text: 'And if it is still cloudy at midnight?' },
  {
    voice: 'awb',
    gap: 0.25,
    text: 'Then we eat hot soup in the dark, and tell each other ghost stories. Which, frankly, is the better plan.',
  },
  { voice: 'rms', gap: -2.9, text: 'Ooh, yes.', beside: true },
  { voice: 'kal16', gap: -0.25, text: 'I would like to vote for the ghost stories.' },
  { voice: 'rms', gap: -0.2, text: 'So would the goat.' },
  {
    voice: 'slt',
    gap: 0.5,
    text: 'You are all impossible. So, nine o clock, at the harbour. We walk up slowly, and we keep the telescope dry.',
  },
  { voice: 'awb', gap: -0.45, text: 'And the soup. Above all, keep the soup dry.' },
  { voice: 'rms', gap: 0.3, text: 'Nine o clock. I will be there, with the goat.' },
  { voice: 'kal16', gap: -0.6, text: 'And with the keys, please.' },
  { voice: 'slt', gap: 0.2, text: 'Good night, all of you.' },
  { voice: 'awb', gap: -0.3, text: 'Good night!' },
];
