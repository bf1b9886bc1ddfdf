/** @module Timelines of turns as text for a terminal and as SVG. */
export { type Screen, screenOf } from '../screen.ts';
export { clock, preciseClock } from './axis.ts';
export { arrangeTimeline, type Timeline, type TimelineOptions, type TimelineRow } from './rows.ts';
export { timelineSvg } from './svg.ts';
export { timelineText } from './terminal.ts';
