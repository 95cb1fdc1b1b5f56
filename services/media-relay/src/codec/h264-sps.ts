// What the relay needs from an H.264 sequence parameter set (7.3.2.1.1 and annex E): size, frame rate, and how far frames are reordered.

import { ProtocolError } from '../core/protocol-error.ts';
import { BitReader } from './bit-reader.ts';

export interface SpsInfo {
  profile: number;
  chromaFormat: number;
  bitDepthLuma: number;
  bitDepthChroma: number;
  width: number;
  height: number;
  /** From the VUI; undefined when the stream does not say. */
  framesPerSecond: number | undefined;
  /** By how many frames decoding runs ahead of display: 0 without B-frames; undefined when the stream does not say. */
  reorderFrames: number | undefined;
}

const PROFILES_WITH_CHROMA = new Set([100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135]);

export function parseSps(nal: Buffer): SpsInfo {
  if (nal.length > 4096) throw new ProtocolError('sequence parameter set too long');
  const reader = new BitReader(withoutEmulationPrevention(nal.subarray(1)));
  const profile = reader.bits(8);
  const constraints = reader.bits(8);
  reader.bits(8); // level
  reader.unsigned(); // id
  let chromaFormat = 1;
  let bitDepthLuma = 8;
  let bitDepthChroma = 8;
  if (PROFILES_WITH_CHROMA.has(profile)) {
    chromaFormat = reader.unsigned();
    if (chromaFormat === 3) reader.flag();
    bitDepthLuma = 8 + reader.unsigned();
    bitDepthChroma = 8 + reader.unsigned();
    reader.flag();
    if (reader.flag()) skipScalingLists(reader, chromaFormat === 3 ? 12 : 8);
  }
  reader.unsigned(); // log2_max_frame_num
  const orderType = reader.unsigned();
  if (orderType === 0) reader.unsigned();
  else if (orderType === 1) skipOrderCycle(reader);
  reader.unsigned(); // max_num_ref_frames
  reader.flag();
  const widthInMacroblocks = reader.unsigned() + 1;
  const heightInMapUnits = reader.unsigned() + 1;
  const framesOnly = reader.flag();
  if (!framesOnly) reader.flag();
  reader.flag(); // direct_8x8_inference
  const crop = reader.flag() ? [reader.unsigned(), reader.unsigned(), reader.unsigned(), reader.unsigned()] : [];
  const [left = 0, right = 0, top = 0, bottom = 0] = crop;
  const cropX = chromaFormat === 1 || chromaFormat === 2 ? 2 : 1;
  const cropY = (chromaFormat === 1 ? 2 : 1) * (framesOnly ? 1 : 2);
  const vui = reader.flag() ? parseVui(reader) : { framesPerSecond: undefined, reorderFrames: undefined };
  // Without the VUI's word: picture order type 2 and (constrained) baseline cannot reorder; intra-only profiles do not (E.2.1).
  const cannotReorder = orderType === 2 || profile === 66 || (profile >= 100 && (constraints & 0x10) !== 0);
  return {
    profile,
    chromaFormat,
    bitDepthLuma,
    bitDepthChroma,
    width: widthInMacroblocks * 16 - (left + right) * cropX,
    height: heightInMapUnits * 16 * (framesOnly ? 1 : 2) - (top + bottom) * cropY,
    framesPerSecond: vui.framesPerSecond,
    reorderFrames: cannotReorder ? 0 : vui.reorderFrames,
  };
}

function skipScalingLists(reader: BitReader, count: number): void {
  for (let list = 0; list < count; list += 1) {
    if (!reader.flag()) continue;
    let last = 8;
    let next = 8;
    for (let index = 0; index < (list < 6 ? 16 : 64); index += 1) {
      if (next !== 0) next = (last + reader.signed() + 256) % 256;
      last = next === 0 ? last : next;
    }
  }
}

function skipOrderCycle(reader: BitReader): void {
  reader.flag();
  reader.signed();
  reader.signed();
  const count = reader.unsigned();
  if (count > 255) throw new ProtocolError('malformed sequence parameter set');
  for (let index = 0; index < count; index += 1) reader.signed();
}

function parseVui(reader: BitReader): Pick<SpsInfo, 'framesPerSecond' | 'reorderFrames'> {
  if (reader.flag() && reader.bits(8) === 255) reader.bits(32); // aspect ratio
  if (reader.flag()) reader.flag(); // overscan
  if (reader.flag()) {
    reader.bits(4); // video format, range
    if (reader.flag()) reader.bits(24); // colours
  }
  if (reader.flag()) {
    reader.unsigned(); // chroma location
    reader.unsigned();
  }
  let framesPerSecond: number | undefined;
  if (reader.flag()) {
    const unitsInTick = reader.bits(32);
    const timeScale = reader.bits(32);
    reader.flag();
    if (unitsInTick > 0 && timeScale > 0) framesPerSecond = timeScale / (2 * unitsInTick);
  }
  const nal = reader.flag();
  if (nal) skipHrd(reader);
  const vcl = reader.flag();
  if (vcl) skipHrd(reader);
  if (nal || vcl) reader.flag();
  reader.flag(); // pic_struct_present
  if (!reader.flag()) return { framesPerSecond, reorderFrames: undefined };
  reader.flag();
  for (let index = 0; index < 4; index += 1) reader.unsigned();
  const reorderFrames = reader.unsigned();
  if (reorderFrames > 16) throw new ProtocolError('malformed sequence parameter set');
  return { framesPerSecond, reorderFrames };
}

function skipHrd(reader: BitReader): void {
  const count = reader.unsigned() + 1;
  if (count > 32) throw new ProtocolError('malformed sequence parameter set');
  reader.bits(8);
  for (let index = 0; index < count; index += 1) {
    reader.unsigned();
    reader.unsigned();
    reader.flag();
  }
  reader.bits(20);
}

/** Removes the 3 of every 0 0 3 (7.4.1). */
function withoutEmulationPrevention(data: Buffer): Uint8Array {
  const out = new Uint8Array(data.length);
  let length = 0;
  let zeros = 0;
  for (const byte of data) {
    if (zeros >= 2 && byte === 3) {
      zeros = 0;
      continue;
    }
    zeros = byte === 0 ? zeros + 1 : 0;
    out[length++] = byte;
  }
  return out.subarray(0, length);
}
