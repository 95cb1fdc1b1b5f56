// A recording beside the axis: playing moves the playhead, moving the playhead seeks in the recording.

import { useEffect, useRef, useState } from 'preact/hooks';
import type { RecordingMark } from '../../../src/report/html/page-data.ts';
import type { TimeAxis } from './time-axis.ts';

/** Differences smaller than a few frames are the player's own. */
const APART_MS = 120;

export function RecordingPlayer({ recordings, axis }: { recordings: RecordingMark[]; axis: TimeAxis }) {
  const playable = recordings.filter(({ playable }) => playable !== undefined);
  const [chosen, setChosen] = useState(0);
  const [problem, setProblem] = useState<string>();
  const video = useRef<HTMLVideoElement>(null);
  const recording = playable[chosen];
  useEffect(() => {
    const element = video.current;
    if (!element || recording?.firstPacketMs === undefined) return;
    const beginMs = recording.firstPacketMs;
    const seek = () => {
      const wanted = (axis.playheadMs - beginMs) / 1_000;
      if (wanted < 0 || Math.abs(element.currentTime - wanted) * 1_000 < APART_MS) return;
      element.currentTime = Math.min(wanted, Number.isFinite(element.duration) ? element.duration : wanted);
    };
    let isFollowing = false;
    let frame = 0;
    const follow = () => {
      if (!isFollowing) return;
      axis.seek(beginMs + element.currentTime * 1_000);
      frame = requestAnimationFrame(follow);
    };
    const play = () => {
      isFollowing = true;
      follow();
    };
    const pause = () => {
      isFollowing = false;
      cancelAnimationFrame(frame);
    };
    const seeked = () => {
      // By the player's own bar: the axis comes along.
      const atMs = beginMs + element.currentTime * 1_000;
      if (Math.abs(atMs - axis.playheadMs) > APART_MS && atMs > beginMs) axis.seek(atMs);
    };
    element.addEventListener('play', play);
    element.addEventListener('pause', pause);
    element.addEventListener('seeked', seeked);
    element.addEventListener('loadedmetadata', seek);
    seek();
    const stop = axis.listen((changed) => {
      if (changed.has('playhead') && !isFollowing) seek();
    });
    return () => {
      pause();
      stop();
      element.removeEventListener('play', play);
      element.removeEventListener('pause', pause);
      element.removeEventListener('seeked', seeked);
      element.removeEventListener('loadedmetadata', seek);
    };
  }, [recording, axis]);
  if (recordings.length === 0) return null;
  if (!recording) {
    return (
      <section class="player player-none" aria-label="Recordings">
        <p class="muted">
          {recordings.map(({ name, unplayable }) => (
            <span key={name}>
              Recording <b>{name}</b> cannot be played here: {unplayable}.{' '}
            </span>
          ))}
        </p>
      </section>
    );
  }
  return (
    <section class="player" aria-label="Recordings">
      {playable.length > 1 ? (
        <select
          aria-label="Recording"
          value={chosen}
          onChange={(event) => setChosen(Number(event.currentTarget.value))}
        >
          {playable.map(({ name }, index) => (
            <option key={name} value={index}>
              {name}
            </option>
          ))}
        </select>
      ) : null}
      {/* biome-ignore lint/a11y/useMediaCaption: a test card says nothing that could be written down */}
      <video
        ref={video}
        src={recording.playable}
        controls
        preload="metadata"
        aria-label={`Recording ${recording.name}`}
        onError={() => setProblem('the file is not beside the report, or the browser lacks its codec')}
      />
      {problem ? (
        <p class="muted" role="status">
          Recording {recording.name} cannot be played: {problem}.
        </p>
      ) : null}
    </section>
  );
}
