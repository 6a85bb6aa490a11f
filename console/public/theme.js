// Before the first paint, so that no page flashes in the wrong theme. A file of its own: the policy forbids inline scripts.
(() => {
  let chosen = null;
  try {
    chosen = localStorage.getItem('tripline.theme');
  } catch {
    // Forbidden in this browser: as the system does.
  }
  const isDark = chosen === 'dark' || (chosen !== 'light' && matchMedia('(prefers-color-scheme: dark)').matches);
  document.documentElement.dataset.theme = isDark ? 'dark' : 'light';
})();
