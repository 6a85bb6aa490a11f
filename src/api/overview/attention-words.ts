import type { OverviewEndpoint, OverviewTrigger } from '../../store/overview.js';

const NAME_LENGTH_MAX = 60;

/** A number with its noun. */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${numberText(count)} ${count === 1 ? one : many}`;
}

export function deliveries(count: number): string {
  return counted(count, 'delivery', 'deliveries');
}

export function numberText(count: number): string {
  return count.toLocaleString('en-US');
}

/** To the minute. */
export function timeWords(timeMs: number): string {
  return `${new Date(timeMs).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}

export function timeText(time: Date | number | null): string | null {
  return time === null ? null : new Date(time).toISOString();
}

/** Ends a text as a sentence ends. */
export function sentence(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`;
}

/** How a webhook is called: nobody knows one by its id. */
export function nameOfTrigger({ id, displayName, metricName }: OverviewTrigger): string {
  return displayName === id ? `The webhook on ${metricName}` : `“${shortened(displayName)}”`;
}

/** A webhook's own endpoint has the webhook's name; a shared one what its owner calls it, or its host. */
export function nameOfEndpoint(endpoint: OverviewEndpoint, users: readonly OverviewTrigger[]): string {
  if (!endpoint.isShared && users[0]) return nameOfTrigger(users[0]);
  const called =
    endpoint.description.trim() === '' ? hostOf(endpoint.url) : `“${shortened(endpoint.description.trim())}”`;
  return `The endpoint ${called}${users.length === 0 ? '' : ` of ${counted(users.length, 'webhook')}`}`;
}

function shortened(name: string): string {
  const characters = [...name];
  return characters.length <= NAME_LENGTH_MAX ? name : `${characters.slice(0, NAME_LENGTH_MAX - 1).join('')}…`;
}

/** No more of it: paths and queries often have a key in them. */
function hostOf(url: string): string {
  return URL.canParse(url) ? new URL(url).host : 'without a URL';
}
