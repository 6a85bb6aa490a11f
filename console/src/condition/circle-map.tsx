import type { GeoPermissibleObjects } from 'd3-geo';
import {
  useEffect,
  useLayoutEffect,
  useMemo,
  useRef,
  useState,
  type KeyboardEvent,
  type PointerEvent,
  type RefObject,
} from 'react';
import outlineUrl from 'world-atlas/countries-50m.json?url';
import { OUTLINE_FROM_KM, viewCircle, type CircleView } from './circle-view.js';
import { circleWords, moveCircle, resizeCircle, type Circle } from './circle.js';

interface CircleMapProps {
  circle: Circle;
  onChange: (circle: Circle) => void;
}

/** Moves and resizes a circle by arrow keys, plus and minus, or by dragging. The fields beside it do the same. */
export function CircleMap({ circle, onChange }: CircleMapProps) {
  const box = useRef<HTMLDivElement>(null);
  const size = useSize(box);
  const outline = useOutline(circle.radiusKm >= OUTLINE_FROM_KM);
  const view = useMemo(() => viewCircle(circle, size, outline), [circle, size, outline]);
  const drag = useDrag(circle, view, onChange);
  return (
    <figure className="map">
      <div
        ref={box}
        className="map-box"
        role="application"
        aria-roledescription="map"
        aria-label={`${circleWords(circle)}. Arrow keys move it, plus and minus change the radius.`}
        tabIndex={0}
        onKeyDown={(event) => {
          const next = circleAfterKey(circle, event);
          if (next === undefined) return;
          event.preventDefault();
          onChange(next);
        }}
        {...drag}
      >
        <Drawing view={view} size={size} />
      </div>
      <figcaption className="hint">
        {circleWords(circle)}. Drag it, or use the arrow keys; <kbd>+</kbd> and <kbd>−</kbd> change the radius.
      </figcaption>
    </figure>
  );
}

function Drawing({ view, size }: { view: CircleView; size: { width: number; height: number } }) {
  const { width, height } = size;
  return (
    <svg width={width} height={height} aria-hidden="true">
      <rect className="sea" width={width} height={height} />
      {view.outlinePath !== undefined && <path className="land" d={view.outlinePath} />}
      <path className="grid" d={view.gridPath} />
      <path className="fence" d={view.circlePath} />
      <path className="cross" d={`M${view.center.x},${view.center.y}m-6,0h12m-6,-6v12`} />
      <g className="scale" transform={`translate(16,${height - 16})`}>
        <path d={`M0,-6V0H${view.scale.pixels}V-6`} />
        <text x={view.scale.pixels + 8} y="1">
          {view.scale.text}
        </text>
      </g>
    </svg>
  );
}

/** A key moves by a tenth of the radius, with Shift by a whole one. */
function circleAfterKey(circle: Circle, { key, shiftKey }: KeyboardEvent): Circle | undefined {
  const stepKm = circle.radiusKm * (shiftKey ? 1 : 0.1);
  switch (key) {
    case 'ArrowLeft':
      return moveCircle(circle, -stepKm, 0);
    case 'ArrowRight':
      return moveCircle(circle, stepKm, 0);
    case 'ArrowUp':
      return moveCircle(circle, 0, stepKm);
    case 'ArrowDown':
      return moveCircle(circle, 0, -stepKm);
    case '+':
    case '=':
    case 'PageUp':
      return resizeCircle(circle, 1.1);
    case '-':
    case 'PageDown':
      return resizeCircle(circle, 1 / 1.1);
    default:
      return undefined;
  }
}

/** The map moves under the circle, which stays in the middle: dragging to the left leads to the east. */
function useDrag(circle: Circle, { kmPerPixel }: CircleView, onChange: (circle: Circle) => void) {
  const last = useRef<{ x: number; y: number }>(undefined);
  return {
    onPointerDown: (event: PointerEvent<HTMLDivElement>) => {
      last.current = { x: event.clientX, y: event.clientY };
      event.currentTarget.setPointerCapture(event.pointerId);
    },
    onPointerMove: ({ clientX: x, clientY: y }: PointerEvent) => {
      if (!last.current) return;
      onChange(moveCircle(circle, (last.current.x - x) * kmPerPixel, (y - last.current.y) * kmPerPixel));
      last.current = { x, y };
    },
    onPointerUp: () => (last.current = undefined),
    onPointerCancel: () => (last.current = undefined),
  };
}

const RATIO = 0.62;
const HEIGHT_MAX = 340;

function useSize(box: RefObject<HTMLDivElement | null>): { width: number; height: number } {
  const [width, setWidth] = useState(320);
  useLayoutEffect(() => {
    const element = box.current!;
    const measure = () => setWidth(Math.max(200, element.clientWidth));
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => observer.disconnect();
  }, [box]);
  return useMemo(() => ({ width, height: Math.min(HEIGHT_MAX, Math.round(width * RATIO)) }), [width]);
}

/** Countries, fetched from our own host and only when they say something. */
function useOutline(isWanted: boolean): GeoPermissibleObjects | undefined {
  const [outline, setOutline] = useState<GeoPermissibleObjects>();
  useEffect(() => {
    if (!isWanted || outline) return;
    const abort = new AbortController();
    // Without the outline the grid still tells the size.
    readOutline(abort.signal).then(setOutline, () => undefined);
    return () => abort.abort();
  }, [isWanted, outline]);
  return isWanted ? outline : undefined;
}

async function readOutline(signal: AbortSignal): Promise<GeoPermissibleObjects> {
  const [{ feature }, answer] = await Promise.all([import('topojson-client'), fetch(outlineUrl, { signal })]);
  const world = (await answer.json()) as Parameters<typeof feature>[0];
  return feature(world, world.objects['countries']!);
}
