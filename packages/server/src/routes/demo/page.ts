import { html } from '../../../page/build.ts?page';

/** The demo page: one file with HTML, CSS and JavaScript, which loads nothing else. */
export const demoPage: string = html;
