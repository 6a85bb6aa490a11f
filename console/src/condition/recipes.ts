/** A webhook to begin with: what the editor is filled in with. */
export interface Recipe {
  id: string;
  title: string;
  /** What it does, for whoever chooses among them. */
  sentence: string;
  service: 'telemetry.signals' | 'telemetry.events';
  metric: string;
  condition: string;
  /** Seconds. */
  coolDownPeriod: number;
}

/**
 * Five webhooks that people make first. `previousValue` is the value of the last firing, not of the last sample: those
 * that tell of a change compare with it, so that each fires once for each change.
 */
export const RECIPES: readonly Recipe[] = [
  {
    id: 'speeding',
    title: 'Speeding',
    sentence: 'A vehicle drives faster than 120 km/h, told at most every five minutes.',
    service: 'telemetry.signals',
    metric: 'speed',
    condition: 'value > 120',
    coolDownPeriod: 300,
  },
  {
    id: 'harsh-braking',
    title: 'Harsh braking',
    sentence: 'A driver brakes hard, each time.',
    service: 'telemetry.events',
    metric: 'behavior.harshBraking',
    condition: 'true',
    coolDownPeriod: 0,
  },
  {
    id: 'area',
    title: 'Enters or leaves an area',
    sentence: 'A vehicle drives into a circle on the map, or out of it.',
    service: 'telemetry.signals',
    metric: 'currentLocationCoordinates',
    condition: [
      '(geoDistance(value.latitude, value.longitude, 52.5163, 13.3777) < 1.0) !=',
      '(geoDistance(previousValue.latitude, previousValue.longitude, 52.5163, 13.3777) < 1.0)',
    ].join('\n'),
    coolDownPeriod: 0,
  },
  {
    id: 'low-fuel',
    title: 'Low fuel',
    sentence: 'The tank is less than 15 % full, told at most every six hours.',
    service: 'telemetry.signals',
    metric: 'powertrainFuelSystemRelativeLevel',
    condition: 'value < 15',
    coolDownPeriod: 21_600,
  },
  {
    id: 'ignition',
    title: 'Ignition switched',
    sentence: 'The ignition is switched on or off.',
    service: 'telemetry.signals',
    metric: 'isIgnitionOn',
    condition: 'value != previousValue',
    coolDownPeriod: 0,
  },
];

/** The recipe that a link names; undefined for none of ours. */
export function recipeOf(id: string | undefined): Recipe | undefined {
  return RECIPES.find((recipe) => recipe.id === id);
}
