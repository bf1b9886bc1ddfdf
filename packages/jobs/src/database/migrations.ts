/**
 * The schema, as a list of statements for each version. A released version is never changed; a new one is added.
 * All times come from the database, because the clocks of machines differ.
 */
export const MIGRATIONS: readonly (readonly string[])[] = [
  [
    `create table voiceflow.job (
      id uuid primary key,
      seq bigint generated always as identity unique,
      key text not null,
      state text not null default 'queued' check (state in ('queued', 'running', 'succeeded', 'failed', 'canceled')),
      priority smallint not null default 0,
      created_at timestamptz not null default now(),
      -- Not before: a job that failed waits longer each time.
      run_at timestamptz not null default now(),
      started_at timestamptz,
      ended_at timestamptz,
      -- Where the audio is: an object of the storage, or an address to fetch it from; neither once it is deleted.
      object text,
      url text,
      bytes bigint,
      audio_seconds double precision,
      options jsonb not null default '{}',
      metadata jsonb,
      webhook text,
      idempotency_key text,
      request_digest text,
      -- Who may end it: a fence, new with each claim.
      lease uuid,
      lease_until timestamptz,
      worker text,
      progress jsonb,
      -- Failures that its audio may be the cause of, and workers that were lost with it.
      failures smallint not null default 0,
      losses smallint not null default 0,
      problem jsonb
    )`,
    `create unique index job_idempotency on voiceflow.job (key, idempotency_key) where idempotency_key is not null`,
    `create index job_queued on voiceflow.job (key, priority desc, seq) where state = 'queued'`,
    `create index job_running on voiceflow.job (lease_until) where state = 'running'`,
    `create index job_started on voiceflow.job (key, started_at desc)`,
    `create index job_listed on voiceflow.job (key, seq desc)`,
    `create index job_ended on voiceflow.job (ended_at) where ended_at is not null`,
    `create table voiceflow.result (
      job_id uuid primary key references voiceflow.job on delete cascade,
      -- Not jsonb: it is answered as it was written.
      body json not null
    )`,
    `create table voiceflow.speaker (
      job_id uuid not null references voiceflow.job on delete cascade,
      label text not null,
      name text,
      seconds double precision not null,
      space text not null,
      embedding real[],
      primary key (job_id, label)
    )`,
    `create index speaker_name on voiceflow.speaker (name) where name is not null`,
    `create table voiceflow.turn (
      job_id uuid not null references voiceflow.job on delete cascade,
      start_seconds double precision not null,
      end_seconds double precision not null,
      speaker text not null,
      confidence real
    )`,
    `create index turn_job on voiceflow.turn (job_id)`,
    `create view voiceflow.speakers as
      select j.id as job, j.key, j.created_at, j.metadata, j.audio_seconds, s.label, s.name, s.seconds, s.space, s.embedding
      from voiceflow.speaker s join voiceflow.job j on j.id = s.job_id`,
    `create view voiceflow.turns as
      select j.id as job, j.key, j.created_at, j.metadata, t.start_seconds, t.end_seconds, t.speaker, s.name, t.confidence
      from voiceflow.turn t
      join voiceflow.job j on j.id = t.job_id
      left join voiceflow.speaker s on s.job_id = t.job_id and s.label = t.speaker`,
    `create table voiceflow.delivery (
      id uuid primary key,
      job_id uuid not null references voiceflow.job on delete cascade,
      url text not null,
      run_at timestamptz not null default now(),
      tries smallint not null default 0,
      delivered_at timestamptz,
      given_up_at timestamptz,
      problem text
    )`,
    `create index delivery_due on voiceflow.delivery (run_at) where delivered_at is null and given_up_at is null`,
    `create index delivery_job on voiceflow.delivery (job_id)`,
    `create table voiceflow.voice (
      key text not null,
      name text not null,
      space text not null,
      embedding real[] not null,
      samples integer not null default 1,
      created_at timestamptz not null default now(),
      updated_at timestamptz not null default now(),
      primary key (key, name, space)
    )`,
  ],
  [
    // Of jobs that were removed, so that removing a job does not give its seconds back.
    `create table voiceflow.spent (
      key text not null,
      started_at timestamptz not null,
      seconds double precision not null
    )`,
    `create index spent_key on voiceflow.spent (key, started_at)`,
  ],
  [
    // Jobs whose audio is kept, often few of all jobs: by time to delete it, and by object to record that it was deleted.
    `create index job_kept on voiceflow.job (ended_at) where object is not null`,
    `create index job_object on voiceflow.job (object) where object is not null`,
    `create index delivery_first on voiceflow.delivery (run_at)
      where tries = 0 and delivered_at is null and given_up_at is null`,
  ],
];
