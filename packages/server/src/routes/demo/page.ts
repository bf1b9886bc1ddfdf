import { html } from '../../../page/build.ts?page';

/** The demo page: one file of HTML, CSS and JavaScript, which loads nothing from elsewhere. */
export const demoPage: string = html;
