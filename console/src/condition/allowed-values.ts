/**
 * The texts that signals with a fixed choice of values send, as the vehicle signal specification lists them. They help
 * with writing; nothing is refused for not being among them.
 */
const ALLOWED_VALUES: ReadonlyMap<string, readonly string[]> = new Map([
  ['powertrainType', ['COMBUSTION', 'HYBRID', 'ELECTRIC']],
  ['powertrainCombustionEngineEngineOilLevel', ['CRITICALLY_LOW', 'LOW', 'NORMAL', 'HIGH', 'CRITICALLY_HIGH']],
  [
    'obdFuelTypeName',
    [
      'NOT AVAILABLE',
      'GASOLINE',
      'METHANOL',
      'ETHANOL',
      'DIESEL',
      'LPG',
      'CNG',
      'PROPANE',
      'ELECTRIC',
      'BIFUEL RUNNING GASOLINE',
      'BIFUEL RUNNING METHANOL',
      'BIFUEL RUNNING ETHANOL',
      'BIFUEL RUNNING LPG',
      'BIFUEL RUNNING CNG',
      'BIFUEL RUNNING PROPANE',
      'BIFUEL RUNNING ELECTRICITY',
      'BIFUEL RUNNING ELECTRIC AND COMBUSTION ENGINE',
      'HYBRID GASOLINE',
      'HYBRID ETHANOL',
      'HYBRID DIESEL',
      'HYBRID ELECTRIC',
      'HYBRID RUNNING ELECTRIC AND COMBUSTION ENGINE',
      'HYBRID REGENERATIVE',
      'BIFUEL RUNNING DIESEL',
    ],
  ],
  [
    'powertrainTransmissionRetarderTorqueMode',
    [
      'LOW IDLE GOVERNOR/NO REQUEST',
      'ACCELERATOR PEDAL/OPERATOR SELECTION',
      'CRUISE CONTROL',
      'PTO GOVERNOR',
      'ROAD SPEED GOVERNOR',
      'ASR CONTROL',
      'TRANSMISSION CONTROL',
      'ABS CONTROL',
      'TORQUE LIMITING',
      'HIGH SPEED GOVERNOR',
      'BRAKING SYSTEM',
      'REMOTE ACCELERATOR',
      'SERVICE PROCEDURE',
      'NOT DEFINED',
      'OTHER',
      'NOT AVAILABLE',
    ],
  ],
]);

/** The texts that a metric's values can be; empty when any can, or none is known. */
export function allowedValues({ kind, name }: { kind: string; name: string }): readonly string[] {
  return kind === 'text' ? (ALLOWED_VALUES.get(name) ?? []) : [];
}
