import type { Timeline } from '../annotation/timeline.ts';
import { channelId, type Uem } from '../annotation/uem.ts';

interface RecordingId {
  readonly uri?: string;
  readonly channel?: string;
}

/** One channel of a file with several channels. */
interface Channel {
  readonly uri: string;
  readonly channel: string;
}

/**
 * The files with several channels, whose channels are scored as separate recordings. For other files the channel is
 * ignored, since some tools count from 0.
 */
export class Channels {
  /** Channels by `channelId`. */
  readonly #all = new Map<string, Channel>();
  readonly #uris = new Set<string>();

  constructor(...sides: readonly (readonly RecordingId[])[]) {
    for (const side of sides) {
      const own = new Map<string, Set<string>>();
      for (const { uri = 'audio', channel = '1' } of side) own.set(uri, (own.get(uri) ?? new Set()).add(channel));
      for (const [uri, channels] of own) if (channels.size > 1) this.#uris.add(uri);
    }
    for (const side of sides) for (const id of side) this.#add(id);
  }

  #add({ uri = 'audio', channel = '1' }: RecordingId): void {
    if (this.#uris.has(uri)) this.#all.set(channelId(uri, channel), { uri, channel });
  }

  /** Name of a recording in the scores. */
  nameOf({ uri = 'audio', channel = '1' }: RecordingId): string {
    return this.#uris.has(uri) ? channelId(uri, channel) : uri;
  }

  /** Applies `strip` to the file part of a name. */
  stripped(name: string, strip: (uri: string) => string): string {
    const found = this.#all.get(name);
    return found ? channelId(strip(found.uri), found.channel) : strip(name);
  }

  /** A UEM with an entry for each channel: an entry without a channel applies to all channels of the file. */
  spread(uem: Uem, strip: (uri: string) => string): Uem {
    if (this.#all.size === 0) return uem;
    const spread = new Map<string, Timeline>();
    for (const [entry, timeline] of uem) {
      const names = [...this.#all].flatMap(([name, { uri, channel }]) => {
        const head = entry.endsWith(` ${channel}`) ? entry.slice(0, -channel.length - 1) : entry;
        return [entry, head].some((file) => file === uri || strip(file) === uri) ? [name] : [];
      });
      for (const name of names.length > 0 ? names : [entry]) {
        // Entries such as a.wav and a denote the same file.
        spread.set(name, spread.get(name)?.union(timeline) ?? timeline);
      }
    }
    return spread;
  }
}
