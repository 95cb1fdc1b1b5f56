// Workers that publish something else than they should.

import {
  driftSound,
  dropPictures,
  dropSound,
  endEarly,
  freezePicture,
  holdBackSound,
  jump,
  oldPicturesFirst,
  shiftSound,
  startLate,
  swapSound,
} from '../defects/output-defects.ts';
import type { Mutant, Taps } from '../mutant.ts';

/** The promise of content-sync, in the words of its check. */
const SYNC = /sound against picture within/;

const sync = { suite: 'av-sync', case: 'after 0ms' };
const whole = { suite: 'full-pipeline' };
/** Twelve seconds, and every measure. */
const short = { suite: 'edge-cases', case: 'nothing can be dubbed' };

const worker = (mutant: Omit<Mutant, 'service' | 'make' | 'seconds'>, taps: Taps): Mutant => ({
  service: 'media-service',
  seconds: mutant.against === sync ? 45 : mutant.against === whole ? 75 : 30,
  make: () => taps,
  ...mutant,
});

export const OUTPUT_MUTANTS: Mutant[] = [
  worker(
    {
      name: 'sound-80-ms-late',
      defect: 'all sound is 80 ms late',
      against: sync,
      killedBy: { check: SYNC },
    },
    { output: () => shiftSound(80) },
  ),
  worker(
    {
      name: 'sound-60-ms-early',
      defect: 'all sound is 60 ms early',
      against: short,
      killedBy: { check: SYNC },
    },
    { output: () => shiftSound(-60) },
  ),
  worker(
    {
      name: 'sound-drifts',
      defect: 'the sound runs slow by 300 ppm: 9 ms in half a minute',
      against: sync,
      killedBy: { check: /drift below/ },
    },
    { output: () => driftSound(300) },
  ),
  worker(
    {
      name: 'fragment-150-ms-late',
      defect: 'the sound of one fragment is 150 ms late within it',
      against: short,
      killedBy: { check: SYNC },
    },
    { output: () => holdBackSound(7, 3000, 9000) },
  ),
  worker(
    {
      name: 'fragments-swapped-in-output',
      defect: 'the sound of two neighbouring fragments changes places',
      against: sync,
      killedBy: { check: SYNC },
    },
    { output: () => swapSound(12_000, 6000) },
  ),
  worker(
    {
      name: 'timestamps-jump',
      defect: 'half-way, all timestamps jump by 500 ms',
      against: sync,
      killedBy: { check: /largest-jump at most/ },
    },
    { output: () => jump(15_000, 500) },
  ),
  worker(
    {
      name: 'picture-frozen',
      defect: 'the picture stands still for a second while frames keep coming',
      against: whole,
      killedBy: { check: /no frame duplicated/ },
    },
    { output: () => freezePicture(20_000, 1000) },
  ),
  worker(
    {
      name: 'pictures-lost',
      defect: 'one group of pictures is missing',
      against: short,
      killedBy: { check: /no frame lost/ },
    },
    { output: () => dropPictures(5000, 5250) },
  ),
  worker(
    {
      name: 'starts-late',
      defect: 'the first three seconds are not published',
      against: short,
      killedBy: { check: /frames missing at start/ },
    },
    { output: () => startLate(3000) },
  ),
  worker(
    {
      name: 'ends-early',
      defect: 'the last second is not published',
      against: short,
      killedBy: { check: /no frame missing at end/ },
    },
    { output: () => endEarly(11_000) },
  ),
  worker(
    {
      name: 'mp3-instead-of-aac',
      defect: 'the sound is published in another codec',
      against: short,
      killedBy: { check: /audio aac/ },
    },
    { outputCodecs: ['-c:v', 'copy', '-c:a', 'libmp3lame', '-ar', '44100'] },
  ),
  worker(
    {
      name: 'hole-in-the-sound',
      defect: 'half a second of sound is missing',
      against: short,
      killedBy: { check: /gap in the sound/ },
    },
    { output: () => dropSound(5000, 5500) },
  ),
  worker(
    {
      name: 'pictures-re-encoded',
      defect: 'the pictures are encoded anew',
      against: short,
      killedBy: { check: /bit-exact|equal/ },
    },
    // Keyframes as often as the source has them: who joins late sees nothing before one.
    { outputCodecs: ['-c:a', 'copy', '-c:v', 'libx264', '-preset', 'ultrafast', '-tune', 'zerolatency', '-g', '5'] },
  ),
  {
    name: 'old-pictures-first',
    defect: 'after a source that begins again, pictures of the stream before are shown first',
    service: 'media-service',
    against: { suite: 'edge-cases', case: 'begins again at timestamp 0' },
    seconds: 75,
    killedBy: { check: /no frame (stale|backward|lost)/ },
    make: () => ({ output: oldPicturesFirst() }),
  },
];
