import type { OperationDefinition } from '../openapi-operation.js';
import { checkAnswer, conditionToCheck, conditionTrial, trialAnswer } from './condition-fields.js';

export const checkOperation: OperationDefinition = {
  id: 'checkCondition',
  scope: 'webhooks:read',
  tag: 'Conditions',
  access: 'developer',
  summary: 'Checks a condition without registering anything',
  description: 'A wrong condition is no error here: the answer says where it is wrong.',
  body: {
    schema: conditionToCheck,
    examples: {
      right: {
        summary: 'A condition that is accepted',
        value: { service: 'telemetry.signals', metricName: 'speed', condition: 'value > 55 && value != previousValue' },
      },
      wrong: {
        summary: 'One with a typing mistake',
        value: { service: 'telemetry.signals', metricName: 'speed', condition: 'valu > 55' },
      },
    },
  },
  status: 200,
  answer: {
    description: 'Whether it would be accepted.',
    schema: checkAnswer,
    example: {
      valid: true,
      normalized: 'value > 55',
      reading: 'Fires when speed is more than 55 km/h.',
      readsPrevious: false,
      cost: 3,
      warnings: [],
    },
  },
};

export const evaluateOperation: OperationDefinition = {
  id: 'evaluateCondition',
  scope: 'webhooks:read',
  tag: 'Conditions',
  access: 'developer',
  summary: 'Tries a condition on a sample without sending anything',
  body: {
    schema: conditionTrial,
    examples: {
      signal: {
        summary: 'A signal, 10 s after the last firing',
        value: {
          service: 'telemetry.signals',
          metricName: 'speed',
          condition: 'value > 55 && value != previousValue',
          coolDownPeriod: 30,
          sample: { value: 59 },
          previous: { value: 57 },
          secondsSinceLastFiring: 10,
        },
      },
      location: {
        summary: 'A location',
        value: {
          service: 'telemetry.signals',
          metricName: 'currentLocationCoordinates',
          condition: 'geoDistance(value.latitude, value.longitude, 52.52, 13.40) < 1.0',
          sample: { value: { latitude: 52.5219, longitude: 13.4132 } },
        },
      },
      event: {
        summary: 'An event',
        value: {
          service: 'telemetry.events',
          metricName: 'HarshBraking',
          condition: 'durationNs > 1000000000',
          sample: { durationNs: 2500000000, metadata: '{"counterValue":3}' },
        },
      },
    },
  },
  status: 200,
  answer: {
    description: 'What would have become of the sample.',
    schema: trialAnswer,
    example: {
      outcome: 'cooling',
      normalized: 'value > 55',
      parts: [{ text: 'value > 55', line: 1, column: 1, length: 10, value: true }],
      coolingSeconds: 20,
      warnings: [],
    },
  },
};
