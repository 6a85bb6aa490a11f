import type { EventDefinition } from './catalog.js';

/** An event may tell where the vehicle was, so it needs both privileges. */
export const EVENT_PERMISSIONS: readonly string[] = ['privilege:GetNonLocationHistory', 'privilege:GetLocationHistory'];

/** The events that vehicles send, with the names under which they were documented before the dotted ones. */
export const EVENTS: readonly EventDefinition[] = [
  event('behavior.harshBraking', ['HarshBraking'], 'The driver braked hard; metadata may count how often'),
  event(
    'behavior.extremeBraking',
    ['ExtremeBraking'],
    'The driver braked extremely hard; metadata may count how often',
  ),
  event('behavior.harshAcceleration', ['HarshAcceleration'], 'The driver accelerated hard'),
  event('behavior.harshCornering', ['HarshCornering'], 'The driver took a corner hard'),
  event('safety.collision', ['Collision'], 'The vehicle detected a collision'),
  event('security.engineBlock', [], 'The engine was blocked by command'),
  event('security.engineUnblock', [], 'The engine was released by command'),
];

function event(name: string, aliases: readonly string[], description: string): EventDefinition {
  return { name, aliases, description, permissions: EVENT_PERMISSIONS };
}
