// The page of the report: reads what stands in the file, and shows the view that the address names.

import './style/page.css';
import './style/overview.css';
import './style/case.css';
import 'uplot/dist/uPlot.min.css';
import { render } from 'preact';
import type { PageData } from '../../src/report/html/page-data.ts';
import { App } from './app.tsx';
import { readJson } from './data/chunks.ts';
import { watchTheme } from './shared/theme.ts';

watchTheme();
// What is folded away cannot be unfolded on paper.
addEventListener('beforeprint', () => {
  for (const story of document.querySelectorAll<HTMLDetailsElement>('details.story')) story.open = true;
});
const root = document.getElementById('app');
if (root) {
  readJson<PageData>('page').then(
    (page) => {
      root.replaceChildren();
      render(<App page={page} />, root);
    },
    (error: unknown) => {
      root.textContent = `This report cannot be read: ${error instanceof Error ? error.message : String(error)}`;
    },
  );
}
