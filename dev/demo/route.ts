/** A point on a closed route, and how fast one may drive from it to the next. */
export interface Waypoint {
  latitude: number;
  longitude: number;
  limitKmh: number;
}

export interface Position {
  latitude: number;
  longitude: number;
  /** Degrees clockwise from north, 0 up to 360. */
  heading: number;
}

/** The Brandenburg Gate: the demo's geofence lies around it. */
export const GATE = { latitude: 52.5163, longitude: 13.3777 };

/** Around the Tiergarten in Berlin, through the geofence. */
export const CITY_ROUTE: readonly Waypoint[] = [
  { ...GATE, limitKmh: 50 },
  { latitude: 52.5145, longitude: 13.3501, limitKmh: 60 },
  { latitude: 52.5075, longitude: 13.332, limitKmh: 50 },
  { latitude: 52.5058, longitude: 13.3595, limitKmh: 50 },
  { latitude: 52.5096, longitude: 13.3765, limitKmh: 30 },
];

/** A motorway ring in the south-west, where speeding pays. */
export const MOTORWAY_ROUTE: readonly Waypoint[] = [
  { latitude: 52.506, longitude: 13.28, limitKmh: 120 },
  { latitude: 52.48, longitude: 13.302, limitKmh: 120 },
  { latitude: 52.469, longitude: 13.371, limitKmh: 100 },
  { latitude: 52.458, longitude: 13.32, limitKmh: 120 },
  { latitude: 52.43, longitude: 13.19, limitKmh: 130 },
];

/** Kilometres of a degree of latitude on a sphere of 6371 km; over a city the earth may be taken for flat. */
const DEGREE_KM = 111.19;

/** The leg that begins at waypoint `index`, and goes on to the first one after the last. */
export function legOf(route: readonly Waypoint[], index: number): { from: Waypoint; to: Waypoint; lengthKm: number } {
  const from = route[index % route.length]!;
  const to = route[(index + 1) % route.length]!;
  const { northKm, eastKm } = offset(from, to);
  return { from, to, lengthKm: Math.hypot(northKm, eastKm) };
}

/** The place `alongKm` kilometres after the beginning of a leg. */
export function positionOn(route: readonly Waypoint[], index: number, alongKm: number): Position {
  const { from, to, lengthKm } = legOf(route, index);
  const { northKm, eastKm } = offset(from, to);
  const share = alongKm / lengthKm;
  return {
    latitude: from.latitude + (to.latitude - from.latitude) * share,
    longitude: from.longitude + (to.longitude - from.longitude) * share,
    heading: ((Math.atan2(eastKm, northKm) * 180) / Math.PI + 360) % 360,
  };
}

function offset(from: Waypoint, to: Waypoint): { northKm: number; eastKm: number } {
  const shrink = Math.cos((from.latitude * Math.PI) / 180);
  return {
    northKm: (to.latitude - from.latitude) * DEGREE_KM,
    eastKm: (to.longitude - from.longitude) * DEGREE_KM * shrink,
  };
}
