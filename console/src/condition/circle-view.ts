import { geoCircle, geoGraticule, geoMercator, geoPath, type GeoPermissibleObjects, type GeoProjection } from 'd3-geo';
import type { Circle } from './circle.js';

const KM_PER_DEGREE = 111.32;

/** From this radius on, the outline of countries says where one is. */
export const OUTLINE_FROM_KM = 60;

/** Lengths that are pleasant on a scale bar, in km. */
const SCALES_KM = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000];
const SCALE_MIN_PX = 50;
const LINES_EACH_WAY = 40;

/** What is drawn of a circle in a box of some pixels. */
export interface CircleView {
  circlePath: string;
  gridPath: string;
  outlinePath: string | undefined;
  center: { x: number; y: number };
  kmPerPixel: number;
  scale: { pixels: number; text: string };
}

/** Fits a circle into a box: a map without tiles, so that no other host learns where one's vehicles are. */
export function viewCircle(
  circle: Circle,
  { width, height }: { width: number; height: number },
  outline: GeoPermissibleObjects | undefined,
): CircleView {
  const { latitude, longitude, radiusKm } = circle;
  const shape = geoCircle()
    .center([longitude, latitude])
    .radius(radiusKm / KM_PER_DEGREE)();
  const margin = Math.min(width, height) * 0.2;
  const box: [[number, number], [number, number]] = [
    [margin, margin],
    [width - margin, height - margin],
  ];
  const projection = geoMercator().rotate([-longitude, 0]).fitExtent(box, shape);
  const path = geoPath(projection);
  const kmPerPixel = 1 / pixelsPerKm(projection, circle);
  const scaleKm = SCALES_KM.find((km) => km / kmPerPixel > SCALE_MIN_PX) ?? SCALES_KM.at(-1)!;
  const [x = width / 2, y = height / 2] = projection([longitude, latitude]) ?? [];
  return {
    circlePath: path(shape) ?? '',
    gridPath: path(gridAround(circle, scaleKm)) ?? '',
    outlinePath: outline && (path(outline) ?? undefined),
    center: { x, y },
    kmPerPixel,
    scale: { pixels: scaleKm / kmPerPixel, text: scaleKm < 1 ? `${scaleKm * 1000} m` : `${scaleKm} km` },
  };
}

function pixelsPerKm(projection: GeoProjection, { latitude, longitude }: Circle): number {
  const [, here = 0] = projection([longitude, latitude]) ?? [];
  const [, north = 0] = projection([longitude, latitude + 1 / KM_PER_DEGREE]) ?? [];
  return Math.abs(north - here) || 1;
}

/** Lines that are one length of the scale bar apart. */
function gridAround({ latitude, longitude }: Circle, km: number): GeoPermissibleObjects {
  const north = km / KM_PER_DEGREE;
  const east = north / Math.cos((latitude * Math.PI) / 180);
  const top = Math.min(latitude + LINES_EACH_WAY * north, 85);
  const bottom = Math.max(latitude - LINES_EACH_WAY * north, -85);
  const side = Math.min(LINES_EACH_WAY * east, 179);
  return geoGraticule()
    .extent([
      [longitude - side, bottom],
      [longitude + side, top],
    ])
    .step([east, north])
    .precision(5)();
}
