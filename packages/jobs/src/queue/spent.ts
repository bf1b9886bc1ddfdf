const TODAY = "now() - interval '1 day'";

/** SQL for the seconds of audio of a key's jobs that started in the last 24 hours, also of those that were removed. */
export function spentToday(key: string): string {
  return `(
    (select coalesce(sum(u.audio_seconds), 0) from voiceflow.job u where u.key = ${key} and u.started_at > ${TODAY})
    + (select coalesce(sum(s.seconds), 0) from voiceflow.spent s where s.key = ${key} and s.started_at > ${TODAY})
  )::float8`;
}

/** SQL for a statement that deletes jobs as `removed`: keeps what they have spent today. */
export const KEEP_SPENT = `spent as (
  insert into voiceflow.spent (key, started_at, seconds)
  select key, started_at, audio_seconds from removed where audio_seconds > 0 and started_at > ${TODAY}
)`;

/** SQL for the columns of `removed` that `KEEP_SPENT` reads. */
export const REMOVED = 'id, key, started_at, audio_seconds';

/** SQL that deletes what no longer counts. */
export const FORGET_SPENT = `forgotten as (delete from voiceflow.spent where started_at < ${TODAY})`;
