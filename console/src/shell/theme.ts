import { lasting } from '../shelf.js';

/** How the page looks: as the system does, unless somebody chose. `public/theme.js` does the same before the first paint. */
export type Theme = 'system' | 'light' | 'dark';

const CHOSEN = 'tripline.theme';
const system = matchMedia('(prefers-color-scheme: dark)');

/** What was chosen in this browser. */
export function chosenTheme(): Theme {
  const chosen = lasting.getItem(CHOSEN);
  return chosen === 'light' || chosen === 'dark' ? chosen : 'system';
}

/** Chooses, for this browser. */
export function chooseTheme(theme: Theme): void {
  if (theme === 'system') lasting.removeItem(CHOSEN);
  else lasting.setItem(CHOSEN, theme);
  show();
}

function show(): void {
  const theme = chosenTheme();
  const isDark = theme === 'dark' || (theme === 'system' && system.matches);
  document.documentElement.dataset.theme = isDark ? 'dark' : 'light';
}

system.addEventListener('change', show);
