import { defineConfig } from 'vitepress';

const guides = [
  ['First recording', 'first-recording'],
  ['Live', 'live'],
  ['In a page', 'browser'],
  ['Server', 'server'],
  ['Jobs', 'jobs'],
  ['Who said what', 'words'],
  ['Known voices', 'known-voices'],
  ['Which model when', 'models'],
  ['Deployment', 'deployment'],
  ['Privacy', 'privacy'],
  ['Troubleshooting', 'troubleshooting'],
  ['Coming from pyannote or sherpa-onnx', 'migration'],
] as const;

export default defineConfig({
  title: 'VoiceFlow',
  description: 'Who spoke when: speaker diarization in TypeScript',
  cleanUrls: true,
  srcExclude: ['**/node_modules/**'],
  // Files of the repository outside the site; tests/docs checks that they are there.
  ignoreDeadLinks: [/(^|\/)\.\.\/(?!api|guide)/, /^\.\/\.\.\//],
  themeConfig: {
    search: { provider: 'local' },
    nav: [
      { text: 'Guides', link: '/guide/first-recording' },
      { text: 'API', link: '/api/' },
    ],
    sidebar: [
      { text: 'Guides', items: guides.map(([text, page]) => ({ text, link: `/guide/${page}` })) },
      {
        text: 'Background',
        items: [
          { text: 'Accuracy', link: '/accuracy' },
          { text: 'Scaling', link: '/scaling' },
          { text: 'Architecture', link: '/architecture' },
          { text: 'API', link: '/api/' },
        ],
      },
    ],
  },
});
