// RTCP sender reports and goodbyes (RFC 3550, 6.4.1 and 6.6): when an RTP timestamp was, and that no more will come.

const SENDER_REPORT = 200;
const SOURCE_DESCRIPTION = 202;
const GOODBYE = 203;

export interface SenderReport {
  ssrc: number;
  /** Microseconds since 1900: the sender's clock, rounded to the microsecond it was most likely written from. */
  ntpMicros: number;
  rtp: number;
}

/** The first sender report of a compound packet, if it has one; undefined for anything malformed. */
export function parseSenderReport(compound: Buffer): SenderReport | undefined {
  for (let at = 0; at + 4 <= compound.length; ) {
    if (compound.readUInt8(at) >> 6 !== 2) return undefined;
    const length = (compound.readUInt16BE(at + 2) + 1) * 4;
    if (at + length > compound.length) return undefined;
    if (compound.readUInt8(at + 1) === SENDER_REPORT && length >= 28) {
      const seconds = compound.readUInt32BE(at + 8);
      const fraction = compound.readUInt32BE(at + 12);
      return {
        ssrc: compound.readUInt32BE(at + 4),
        ntpMicros: seconds * 1e6 + Math.round((fraction * 1e6) / 2 ** 32),
        rtp: compound.readUInt32BE(at + 16),
      };
    }
    at += length;
  }
  return undefined;
}

export interface SentSoFar {
  packets: number;
  octets: number;
}

/** A sender report followed by the source description that RFC 3550 wants in every compound packet. */
export function buildSenderReport(report: SenderReport, sent: SentSoFar): Buffer {
  const out = Buffer.alloc(28 + SDES_BYTES);
  out.writeUInt8(0x80, 0);
  out.writeUInt8(SENDER_REPORT, 1);
  out.writeUInt16BE(6, 2);
  out.writeUInt32BE(report.ssrc, 4);
  const seconds = Math.floor(report.ntpMicros / 1e6);
  out.writeUInt32BE(seconds >>> 0, 8);
  out.writeUInt32BE(Math.floor(((report.ntpMicros - seconds * 1e6) * 2 ** 32) / 1e6) >>> 0, 12);
  out.writeUInt32BE(report.rtp, 16);
  out.writeUInt32BE(sent.packets >>> 0, 20);
  out.writeUInt32BE(sent.octets >>> 0, 24);
  writeDescription(out, 28, report.ssrc);
  return out;
}

/** Receiver report without blocks, description, goodbye: nothing more comes from this source. */
export function buildGoodbye(ssrc: number): Buffer {
  const out = Buffer.alloc(8 + SDES_BYTES + 8);
  out.writeUInt8(0x80, 0);
  out.writeUInt8(201, 1);
  out.writeUInt16BE(1, 2);
  out.writeUInt32BE(ssrc, 4);
  writeDescription(out, 8, ssrc);
  const at = 8 + SDES_BYTES;
  out.writeUInt8(0x81, at);
  out.writeUInt8(GOODBYE, at + 1);
  out.writeUInt16BE(1, at + 2);
  out.writeUInt32BE(ssrc, at + 4);
  return out;
}

const CNAME = 'relay';
const SDES_BYTES = 4 + 4 + Math.ceil((2 + CNAME.length + 1) / 4) * 4;

function writeDescription(out: Buffer, at: number, ssrc: number): void {
  out.writeUInt8(0x81, at);
  out.writeUInt8(SOURCE_DESCRIPTION, at + 1);
  out.writeUInt16BE(SDES_BYTES / 4 - 1, at + 2);
  out.writeUInt32BE(ssrc, at + 4);
  out.writeUInt8(1, at + 8);
  out.writeUInt8(CNAME.length, at + 9);
  out.write(CNAME, at + 10, 'latin1');
}
