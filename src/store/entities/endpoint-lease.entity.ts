import { Column, Entity, PrimaryColumn } from 'typeorm';

/** Which sender an endpoint is with, and how its deliveries went. Made with the endpoint; then only senders write it. */
@Entity('endpoint_leases')
export class EndpointLeaseEntity {
  @PrimaryColumn('uuid', { name: 'endpoint_id' })
  endpointId: string;

  @Column('text')
  license: string;

  /** The token of a sender; whether it lives stands in `senders`. */
  @Column('uuid', { nullable: true })
  holder: string | null;

  /** Attempts that failed since the last that arrived. */
  @Column('integer')
  failures: number;

  @Column({ type: 'timestamptz', name: 'last_delivered_at', precision: 3, nullable: true })
  lastDeliveredAt: Date | null;
}
