import { expect, test } from '@jest/globals';
import { Metrics } from './metrics.js';

test('every metric is in the text that Prometheus reads, under its documented name', async () => {
  const metrics = new Metrics();
  metrics.records.inc({ topic: 't' });
  metrics.samples.inc({ topic: 't' }, 2);
  metrics.evaluations.inc({ outcome: 'fired' });
  metrics.chunkSeconds.observe({ result: 'ok' }, 0.003);
  metrics.consumerLag.set({ topic: 't', partition: '0' }, 9);
  metrics.deadLetters.inc({ topic: 't', reason: 'json' });
  metrics.streamLost.inc({ topic: 't' }, 5);
  metrics.heldAtLimit.inc(2);
  metrics.deliveries.inc({ outcome: 'delivered' });
  metrics.quotaPostponed.inc(3);
  metrics.attempts.inc({ outcome: 'rejected' });
  metrics.deliverySeconds.observe(0.2);
  metrics.queueDepth.set(4);
  metrics.queueAgeSeconds.set(1.5);
  metrics.throttledAgeSeconds.set(2.5);
  metrics.retryingAgeSeconds.set(3.5);
  metrics.openBreakers.set(6);
  metrics.indexTriggers.set(7);
  metrics.indexSubscriptions.set(8);
  metrics.indexSeq.set(10);
  const lines = (await metrics.registry.metrics()).split('\n').filter((line) => line && !line.startsWith('#'));
  expect(lines.filter((line) => !line.includes('_bucket') && !line.includes('_sum'))).toEqual([
    'tripline_records_total{topic="t"} 1',
    'tripline_samples_total{topic="t"} 2',
    'tripline_evaluations_total{outcome="fired"} 1',
    'tripline_chunk_duration_seconds_count{result="ok"} 1',
    'tripline_consumer_lag_records{topic="t",partition="0"} 9',
    'tripline_dead_letters_total{topic="t",reason="json"} 1',
    'tripline_stream_lost_records_total{topic="t"} 5',
    'tripline_pending_limit_held_total 2',
    'tripline_deliveries_total{outcome="delivered"} 1',
    'tripline_delivery_quota_postponed_total 3',
    'tripline_delivery_attempts_total{outcome="rejected"} 1',
    'tripline_delivery_duration_seconds_count 1',
    'tripline_queue_depth 4',
    'tripline_queue_oldest_due_seconds 1.5',
    'tripline_queue_oldest_throttled_seconds 2.5',
    'tripline_queue_oldest_retrying_seconds 3.5',
    'tripline_open_breakers 6',
    'tripline_index_triggers 7',
    'tripline_index_subscriptions 8',
    'tripline_index_seq 10',
  ]);
});

test('two objects share no number', async () => {
  const [first, second] = [new Metrics(), new Metrics()];
  first.queueDepth.set(3);
  expect(await second.registry.metrics()).toContain('tripline_queue_depth 0');
});

test('process metrics come only when asked for', async () => {
  expect(await new Metrics().registry.metrics()).not.toContain('process_');
  expect(await new Metrics({ processMetrics: true }).registry.metrics()).toContain('process_resident_memory_bytes');
});
