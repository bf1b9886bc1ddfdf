/** @module Timelines of turns as text for a terminal and as SVG. Pure: no streams, no files. */
export type { Screen } from '../io.ts';
export { clock, preciseClock } from './axis.ts';
export { arrangeTimeline, type Timeline, type TimelineOptions, type TimelineRow } from './rows.ts';
export { timelineSvg } from './svg.ts';
export { timelineText } from './terminal.ts';
