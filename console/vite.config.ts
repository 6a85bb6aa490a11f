import locales from '@react-aria/optimize-locales-plugin';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';
import { compressedFiles } from './compressed-files.js';

export default defineConfig({
  base: '/console/',
  plugins: [
    react(),
    // React Aria speaks thirty languages; the console speaks one.
    { ...locales.vite({ locales: ['en-US'] }), enforce: 'pre' },
    compressedFiles(),
  ],
  // The server replaces the word in each answer.
  html: { cspNonce: 'CSP_NONCE' },
  build: {
    outDir: '../dist/console',
    emptyOutDir: true,
    // A `data:` URL would break the policy.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rolldownOptions: {
      output: {
        codeSplitting: {
          groups: [
            { name: 'react', test: /node_modules\/(react|react-dom|scheduler)\// },
            { name: 'editor', test: /node_modules\/(@codemirror|@lezer|style-mod|crelt|w3c-keyname)\// },
          ],
        },
      },
    },
  },
  server: {
    // The samples that verify a signature are shown as they stand in the documentation.
    fs: { allow: ['..'] },
    proxy: {
      '/v1': 'http://127.0.0.1:3003',
      '/console/sign-in.json': 'http://127.0.0.1:3003',
    },
  },
});
