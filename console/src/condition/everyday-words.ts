/** What people call signals whose names say it otherwise. Only the search knows these words. */
const EVERYDAY_WORDS: readonly (readonly [RegExp, string])[] = [
  [/TravelledDistance$/, 'odometer mileage'],
  [/^currentLocationCoordinates$/, 'gps position place latitude longitude geofence'],
  [/CombustionEngineSpeed$/, 'rpm revolutions'],
  [/CombustionEngineECT$/, 'engine coolant temperature'],
  [/CombustionEngineEOT$/, 'engine oil temperature'],
  [/CombustionEngineEOP$/, 'engine oil pressure'],
  [/CombustionEngineTPS$/, 'throttle position'],
  [/MAF$/, 'mass air flow'],
  [/obdMAP$/, 'manifold absolute pressure'],
  [/DieselExhaustFluid/, 'adblue def'],
  [/TirePressure$/, 'tyre'],
  [/StateOfChargeCurrent$/, 'battery charge soc'],
  [/StateOfHealth$/, 'battery soh'],
  [/^lowVoltageBattery/, '12 v car'],
  [/DTC/, 'trouble fault code'],
  [/MIL$/, 'check engine light'],
  [/FuelSystem(Absolute|Relative)Level$/, 'tank'],
  [/IsBelted$/, 'seat belt'],
  [/JammingDetected$/, 'theft'],
];

/** Other words for a metric, by its name; empty for most. */
export function everydayWords(name: string): string {
  return EVERYDAY_WORDS.filter(([pattern]) => pattern.test(name))
    .map(([, words]) => words)
    .join(' ');
}
