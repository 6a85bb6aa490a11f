import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { ContentType, EndpointStatus, Profile } from '../../core/endpoint.js';

/** Where CloudEvents go: a trigger's own place, or one that several share. What is not given takes the column's default. */
@Entity('endpoints')
export class EndpointEntity {
  @PrimaryColumn('uuid')
  id: string;

  @Column('text')
  license: string;

  @Column('boolean', { name: 'is_shared' })
  isShared: boolean;

  @Column('text')
  url: string;

  @Column('text')
  description: string;

  @Column('text')
  status: EndpointStatus;

  @Column('text', { name: 'status_reason', nullable: true })
  statusReason: string | null;

  @Column({ type: 'text', array: true, name: 'enabled_events' })
  enabledEvents: string[];

  @Column('text')
  profile: Profile;

  @Column('text', { name: 'header_prefix', nullable: true })
  headerPrefix: string | null;

  @Column('text', { name: 'content_type' })
  contentType: ContentType;

  /** The owner's own headers, encrypted. */
  @Column('text', { nullable: true })
  headers: string | null;

  @Column('smallint', { name: 'timeout_seconds', nullable: true })
  timeoutSeconds: number | null;

  @Column('text', { nullable: true })
  retry: string | null;

  @Column('integer', { name: 'max_per_second', nullable: true })
  maxPerSecond: number | null;

  /** Encrypted; only what sends opens it. */
  @Column('text')
  secret: string;

  /** Of asymmetric signatures; encrypted. */
  @Column('text', { name: 'signing_key', nullable: true })
  signingKey: string | null;

  @Column('text', { name: 'previous_signing_key', nullable: true })
  previousSigningKey: string | null;

  @Column({ type: 'timestamptz', name: 'verified_at', precision: 3, nullable: true })
  verifiedAt: Date | null;

  @Column({ type: 'timestamptz', name: 'created_at', precision: 3 })
  createdAt: Date;

  @Column({ type: 'timestamptz', name: 'updated_at', precision: 3 })
  updatedAt: Date;
}
