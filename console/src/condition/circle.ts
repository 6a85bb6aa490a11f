/** An area round a point. */
export interface Circle {
  latitude: number;
  longitude: number;
  radiusKm: number;
}

/**
 * When a location matters. `crosses` compares with the last firing, which was on the other side: it fires once on the
 * way in and once on the way out.
 */
export type Relation = 'inside' | 'outside' | 'crosses';

/** Mean radius by which the product computes distances. */
const EARTH_RADIUS_KM = 6_378.1;
const KM_PER_DEGREE = (Math.PI / 180) * EARTH_RADIUS_KM;

/** Smaller ones are within the noise of what vehicles report; larger ones are no circle on the map any more. */
const RADIUS_KM = { min: 0.02, max: 5_000 };

/** A circle as condition. Numbers have a decimal point: they are `double` in CEL. */
export function circleText(circle: Circle, relation: Relation): string {
  const radius = decimal(circle.radiusKm, 3);
  switch (relation) {
    case 'inside':
      return `${distanceText(circle, 'value')} < ${radius}`;
    case 'outside':
      return `${distanceText(circle, 'value')} > ${radius}`;
    case 'crosses':
      return [
        `(${distanceText(circle, 'value')} < ${radius}) !=`,
        `(${distanceText(circle, 'previousValue')} < ${radius})`,
      ].join('\n');
  }
}

function distanceText({ latitude, longitude }: Circle, variable: string): string {
  return `geoDistance(${variable}.latitude, ${variable}.longitude, ${decimal(latitude, 6)}, ${decimal(longitude, 6)})`;
}

function decimal(value: number, places: number): string {
  return value.toFixed(places).replace(/(\.\d+?)0+$/, '$1');
}

/**
 * The circle of a condition that is nothing but one, in the shape in which we write it. Everything else is undefined:
 * it belongs to its author.
 */
export function readCircle(condition: string): { circle: Circle; relation: Relation } | undefined {
  const found = /geoDistance\(value\.latitude, value\.longitude, (-?[\d.]+), (-?[\d.]+)\) [<>] ([\d.]+)/.exec(
    condition,
  );
  if (!found) return undefined;
  const [latitude, longitude, radiusKm] = found.slice(1).map(Number) as [number, number, number];
  const circle = { latitude, longitude, radiusKm };
  if (!isOnEarth(circle)) return undefined;
  const relations: Relation[] = ['inside', 'outside', 'crosses'];
  const text = condition.trim().replace(/\s+/g, ' ');
  const relation = relations.find((each) => circleText(circle, each).replace(/\s+/g, ' ') === text);
  return relation && { circle, relation };
}

function isOnEarth({ latitude, longitude, radiusKm }: Circle): boolean {
  return Math.abs(latitude) <= 90 && Math.abs(longitude) <= 180 && radiusKm > 0;
}

/** A circle that is moved by some kilometres to the east and north; it stays on the map. */
export function moveCircle(circle: Circle, eastKm: number, northKm: number): Circle {
  const latitude = limited(circle.latitude + northKm / KM_PER_DEGREE, { min: -85, max: 85 });
  const kmPerDegree = KM_PER_DEGREE * Math.cos((circle.latitude * Math.PI) / 180);
  const turned = circle.longitude + eastKm / kmPerDegree;
  const longitude = ((((turned + 180) % 360) + 360) % 360) - 180;
  return { ...circle, latitude: rounded(latitude, 6), longitude: rounded(longitude, 6) };
}

/** A circle that is made larger or smaller, with a radius that is pleasant to read. */
export function resizeCircle(circle: Circle, factor: number): Circle {
  const radiusKm = limited(circle.radiusKm * factor, RADIUS_KM);
  return { ...circle, radiusKm: radiusKm >= 10 ? rounded(radiusKm, 1) : rounded(radiusKm, 3) };
}

/** A circle in words, for whoever does not see the map. */
export function circleWords({ latitude, longitude, radiusKm }: Circle): string {
  const radius = radiusKm < 1 ? `${Math.round(radiusKm * 1000)} m` : `${rounded(radiusKm, 3)} km`;
  return `Circle with a radius of ${radius} around ${latitude.toFixed(4)}, ${longitude.toFixed(4)}`;
}

function limited(value: number, { min, max }: { min: number; max: number }): number {
  return Math.min(Math.max(value, min), max);
}

function rounded(value: number, places: number): number {
  return Number(value.toFixed(places));
}
