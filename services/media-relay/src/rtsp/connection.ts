// One RTSP connection and its session: answers requests in order, as a publisher or as a reader.

import { randomUUID } from 'node:crypto';
import { buildSdp, parseSdp } from '../codec/sdp.ts';
import { PathRefusedError, type Publication } from '../core/path-registry.ts';
import type { RelayContext } from '../core/relay-context.ts';
import type { Stream } from '../core/stream.ts';
import type { Connection, ConnectionSocket } from '../core/tcp-server.ts';
import { RtspMessageParser, type RtspRequest } from './message-parser.ts';
import { RtspPublisher } from './publisher.ts';
import { RtspReader } from './reader.ts';
import { METHODS, pathOf, type Reply, replyText } from './reply.ts';
import { RequestQueue } from './request-queue.ts';
import { type Channels, openPublisherTrack, openReaderTrack, type TrackEnds } from './track-transport.ts';
import { parseTransport, type TransportSpec } from './transport.ts';

type State = 'init' | 'announced' | 'recording' | 'ready' | 'playing';

/** How long a reader over UDP may take to leave after the stream's end. */
const UDP_END_WAIT_MS = 2_000;

export class RtspConnection implements Connection {
  readonly id = randomUUID();
  readonly #session = randomUUID().replaceAll('-', '').slice(0, 16);
  readonly #context: RelayContext;
  readonly #link: ConnectionSocket;
  readonly #parser: RtspMessageParser;
  readonly #requests: RequestQueue;
  #closed = false;
  #state: State = 'init';
  #sessionOpen = false;
  #usesUdp = false;
  #cancelWait: () => void = () => {};
  #idleTimer: NodeJS.Timeout | undefined;
  #publisher: RtspPublisher | undefined;
  #reader: RtspReader | undefined;
  readonly #channels: Channels = new Map();

  constructor(context: RelayContext, link: ConnectionSocket) {
    this.#context = context;
    this.#link = link;
    this.#requests = new RequestQueue({
      handle: (request, answer) => {
        this.#idleTimer?.refresh();
        this.#handle(request, answer);
      },
      send: (request, reply) => this.#send(request, reply),
      isClosed: () => this.#closed,
    });
    this.#parser = new RtspMessageParser({
      onRequest: (request) => this.#requests.add(request),
      onInterleaved: (channel, packet) => this.#onInterleaved(channel, packet),
    });
    this.#armIdleTimer();
  }

  get #remoteAddress(): string {
    return this.#link.socket.remoteAddress?.replace(/^::ffff:/, '') ?? '127.0.0.1';
  }

  onData(chunk: Buffer): void {
    if (this.#closed) return;
    if (this.#state === 'recording') this.#idleTimer?.refresh();
    this.#parser.push(chunk);
  }

  onClose(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#endSession('connection closed');
  }

  stop(): void {
    this.#endSession('relay stops');
  }

  /** Calls `answer` exactly once, at once or (when a reader waits for a publisher) later. */
  #handle(request: RtspRequest, answer: (reply: Reply) => void): void {
    const session = request.headers.get('session')?.split(';')[0]?.trim();
    if (session !== undefined && session !== '' && !(this.#sessionOpen && session === this.#session)) {
      answer({ status: 454 });
      return;
    }
    switch (request.method) {
      case 'OPTIONS':
        answer({ status: 200, headers: { Public: METHODS } });
        return;
      case 'GET_PARAMETER':
      case 'SET_PARAMETER':
        answer({ status: 200 });
        return;
      case 'ANNOUNCE':
        answer(this.#announce(request));
        return;
      case 'DESCRIBE':
        this.#describe(request, answer);
        return;
      case 'SETUP':
        this.#setup(request, answer);
        return;
      case 'RECORD':
        answer(this.#record());
        return;
      case 'PLAY':
        answer(this.#play(request));
        return;
      case 'PAUSE':
        answer(this.#pause());
        return;
      case 'TEARDOWN':
        answer({ status: 200, after: () => this.#teardown() });
        return;
      default:
        answer({ status: 405, headers: { Allow: METHODS } });
    }
  }

  #announce(request: RtspRequest): Reply {
    if (this.#state !== 'init' || this.#reader !== undefined) return { status: 455 };
    const path = pathOf(request.url);
    if (path === undefined) return { status: 400 };
    const media = parseSdp(request.body);
    let publication: Publication;
    try {
      publication = this.#context.paths.claim(path, { type: 'rtspSession', id: this.id });
    } catch (error) {
      if (!(error instanceof PathRefusedError)) throw error;
      this.#context.log.warn({ path, remote: this.#link.remote, reason: error.message }, 'publisher refused');
      return { status: 403, after: () => this.#link.finish() };
    }
    try {
      this.#publisher = new RtspPublisher(this.#context, publication, media, this.#link);
    } catch (error) {
      publication.end(); // a description that cannot be used must not keep the path
      throw error;
    }
    this.#state = 'announced';
    return { status: 200 };
  }

  #describe(request: RtspRequest, answer: (reply: Reply) => void): void {
    if (this.#state !== 'init') {
      answer({ status: 455 });
      return;
    }
    const path = pathOf(request.url);
    if (path === undefined) {
      answer({ status: 400 });
      return;
    }
    this.#awaitReader(path, answer, (reader) => {
      const base = request.url.replace(/\/*$/, '/');
      const host = this.#link.socket.localAddress?.replace(/^::ffff:/, '') ?? '127.0.0.1';
      answer({
        status: 200,
        headers: { 'Content-Base': base, 'Content-Type': 'application/sdp' },
        body: buildSdp(reader.stream.rtp?.media ?? [], host, path),
      });
    });
  }

  /** Gets a reader of the path, waiting for a publisher if need be; the reader joins before the publisher's first packet. */
  #awaitReader(path: string, answer: (reply: Reply) => void, go: (reader: RtspReader) => void): void {
    this.#cancelWait();
    this.#reader?.close();
    this.#reader = undefined;
    clearTimeout(this.#idleTimer);
    const notFound = () => {
      this.#armIdleTimer();
      this.#context.log.info({ path, remote: this.#link.remote }, 'no stream for a reader');
      answer({ status: 404 });
    };
    this.#cancelWait = this.#context.paths.waitForStream(path, this.#context.config.readerWaitMs, {
      onStream: (stream) => {
        this.#armIdleTimer();
        const reader = this.#openReader(stream);
        if (reader === undefined) notFound();
        else go(reader);
      },
      onTimeout: notFound,
    });
  }

  #openReader(stream: Stream): RtspReader | undefined {
    const feed = stream.rtp;
    if (feed === undefined) return undefined;
    this.#reader = new RtspReader({
      id: this.id,
      stream,
      feed,
      bufferBytes: this.#context.config.readerBufferBytes,
      onEnd: () => this.#onStreamEnd(),
      onOverflow: (queuedBytes) => this.#dropSlowReader(queuedBytes),
    });
    return this.#reader;
  }

  #setup(request: RtspRequest, answer: (reply: Reply) => void): void {
    if (this.#state !== 'init' && this.#state !== 'announced' && this.#state !== 'ready') {
      answer({ status: 455 });
      return;
    }
    const spec = parseTransport(request.headers.get('transport') ?? '');
    if (spec === undefined) {
      answer({ status: 461 });
      return;
    }
    if (this.#publisher !== undefined) {
      this.#answerLater(this.#setupPublisher(this.#publisher, request.url, spec), answer);
      return;
    }
    const track = /\/trackID=(\d{1,3})\/?$/.exec(request.url);
    const path = pathOf(request.url.slice(0, track?.index));
    if (path === undefined) {
      answer({ status: 400 });
      return;
    }
    const index = Number(track?.[1] ?? 0);
    if (this.#reader?.stream.path === path) {
      this.#answerLater(this.#setupReader(this.#reader, index, spec), answer);
      return;
    }
    if (this.#state === 'ready') {
      answer({ status: 459 }); // one session reads one path
      return;
    }
    this.#awaitReader(path, answer, (reader) => this.#answerLater(this.#setupReader(reader, index, spec), answer));
  }

  /** Opening UDP ports takes a moment, and may fail. */
  #answerLater(reply: Promise<Reply>, answer: (reply: Reply) => void): void {
    reply.then(
      (ready) => this.#link.guard(() => answer(ready)),
      (error: unknown) => {
        this.#context.log.error({ err: error, protocol: 'rtsp', remote: this.#link.remote }, 'set-up failed');
        this.#link.guard(() => answer({ status: 500 }));
      },
    );
  }

  async #setupPublisher(publisher: RtspPublisher, url: string, spec: TransportSpec): Promise<Reply> {
    const track = trackOf(publisher, url);
    if (track === undefined) return { status: 404 };
    this.#sessionOpen = true;
    const ends = this.#trackEnds(
      () => this.#state === 'recording' && this.#idleTimer?.refresh(),
      () => !this.#closed,
    );
    const transport = await openPublisherTrack(publisher, track, spec, this.#channels, ends);
    if (transport === undefined) return { status: 454 };
    return this.#withSession({ status: 200, headers: { Transport: transport } });
  }

  async #setupReader(reader: RtspReader, index: number, spec: TransportSpec): Promise<Reply> {
    if (reader.stream.rtp?.media[index] === undefined) return { status: 404 };
    this.#sessionOpen = true;
    const ends = this.#trackEnds(
      () => this.#idleTimer?.refresh(),
      () => !this.#closed && this.#reader === reader,
    );
    const transport = await openReaderTrack(reader, index, spec, ends);
    if (transport === undefined) return { status: 454 };
    if (spec.kind === 'udp') this.#usesUdp = true;
    this.#state = 'ready';
    return this.#withSession({ status: 200, headers: { Transport: transport } });
  }

  #trackEnds(onAlive: () => void, isCurrent: () => boolean): TrackEnds {
    const { config } = this.#context;
    return { config, link: this.#link, remoteAddress: this.#remoteAddress, onAlive, isCurrent };
  }

  #record(): Reply {
    const publisher = this.#publisher;
    if (this.#state !== 'announced' || publisher === undefined || !this.#isSetUp(publisher)) return { status: 455 };
    this.#state = 'recording';
    this.#armIdleTimer();
    return this.#withSession({
      status: 200,
      after: () => {
        if (publisher.publication.stream !== undefined) return; // goes on after a pause
        publisher.record();
        this.#context.log.info(
          {
            path: publisher.publication.path,
            tracks: publisher.media.map((track) => track.codec),
            protocol: 'rtsp',
            remote: this.#link.remote,
          },
          'stream ready',
        );
      },
    });
  }

  #isSetUp(publisher: RtspPublisher): boolean {
    return this.#channels.size > 0 || publisher.hasSources;
  }

  #play(request: RtspRequest): Reply {
    const reader = this.#reader;
    if (this.#state === 'playing') return this.#withSession({ status: 200 });
    if (this.#state !== 'ready' || reader === undefined || reader.trackCount === 0) return { status: 455 };
    this.#state = 'playing';
    this.#armIdleTimer();
    const info = reader.prepare();
    const base = request.url.replace(/\/*$/, '');
    const headers: Record<string, string> = {};
    if (info.second !== undefined) {
      headers.Range = `npt=${info.second}.000-`;
      headers['RTP-Info'] = info.tracks
        .map((track) => {
          const sequence = track.sequence === undefined ? '' : `;seq=${track.sequence}`;
          return `url=${base}/trackID=${track.track}${sequence};rtptime=${track.rtptime}`;
        })
        .join(',');
    }
    this.#context.log.info({ path: reader.stream.path, protocol: 'rtsp', remote: this.#link.remote }, 'reader joined');
    return this.#withSession({ status: 200, headers, after: () => reader.start() });
  }

  #pause(): Reply {
    if (this.#state === 'ready') return this.#withSession({ status: 200 });
    if (this.#state === 'recording') {
      // GStreamer pauses before it leaves. The path stays its own; RECORD goes on.
      this.#state = 'announced';
      this.#armIdleTimer();
      return this.#withSession({ status: 200 });
    }
    if (this.#state !== 'playing') return { status: 455 };
    this.#reader?.pause();
    this.#state = 'ready';
    return this.#withSession({ status: 200 });
  }

  #teardown(): void {
    this.#endSession('teardown');
    this.#link.finish();
  }

  #onInterleaved(channel: number, packet: Buffer): void {
    if (this.#state !== 'recording') return; // a reader's receiver reports, or packets before RECORD
    const target = this.#channels.get(channel);
    if (target === undefined) return;
    if (target.rtcp) this.#publisher?.onRtcp(target.track, packet);
    else this.#publisher?.onRtp(target.track, packet);
  }

  #endSession(reason: string): void {
    clearTimeout(this.#idleTimer);
    this.#cancelWait();
    const publisher = this.#publisher;
    const reader = this.#reader;
    this.#publisher = undefined;
    this.#reader = undefined;
    this.#sessionOpen = false;
    this.#state = 'init';
    if (publisher !== undefined) {
      publisher.end();
      this.#context.log.info({ path: publisher.publication.path, protocol: 'rtsp', reason }, 'publisher left');
    }
    if (reader !== undefined) {
      reader.close();
      this.#context.log.info({ path: reader.stream.path, protocol: 'rtsp', reason }, 'reader left');
    }
  }

  #onStreamEnd(): void {
    if (!this.#usesUdp) {
      this.#link.finish();
      return;
    }
    // Datagrams and the connection's end take different ways: a reader that sees the end first would leave the last packets unread.
    // Its goodbyes came after them, so its own TEARDOWN is awaited for a while.
    clearTimeout(this.#idleTimer);
    this.#idleTimer = setTimeout(() => this.#link.finish(), UDP_END_WAIT_MS);
  }

  #dropSlowReader(queuedBytes: number): void {
    this.#context.counters.readersDropped.rtsp += 1;
    this.#context.log.warn(
      { path: this.#reader?.stream.path, protocol: 'rtsp', remote: this.#link.remote, queuedBytes },
      'reader dropped: it does not keep up',
    );
    this.#endSession('too slow');
    this.#link.abort('too slow');
  }

  /** Restarts the clock that closes a silent connection; how long it may be silent depends on what it does. */
  #armIdleTimer(): void {
    clearTimeout(this.#idleTimer);
    // An interleaved reader is alive as long as its connection takes what is sent.
    if (this.#closed || (this.#state === 'playing' && !this.#usesUdp)) return;
    const { publisherTimeoutMs, requestTimeoutMs, sessionTimeoutMs } = this.#context.config;
    const withinMs =
      this.#state === 'recording'
        ? publisherTimeoutMs
        : this.#state === 'playing'
          ? sessionTimeoutMs
          : requestTimeoutMs;
    this.#idleTimer = setTimeout(() => this.#link.abort(`nothing received for ${withinMs} ms`), withinMs);
  }

  #withSession(reply: Reply): Reply {
    const timeoutS = Math.max(1, Math.floor(this.#context.config.sessionTimeoutMs / 1000));
    return { ...reply, headers: { ...reply.headers, Session: `${this.#session};timeout=${timeoutS}` } };
  }

  #send(request: RtspRequest, reply: Reply): void {
    const { socket } = this.#link;
    if (socket.destroyed || socket.writableEnded) return;
    socket.write(replyText(request, reply));
    reply.after?.();
  }
}

/** Which announced track a SETUP names: its control attribute is a whole URL or the end of one. */
function trackOf(publisher: RtspPublisher, url: string): number | undefined {
  const index = publisher.media.findIndex(({ control }) => url === control || url.endsWith(`/${control}`));
  if (index >= 0) return index;
  return publisher.media.length === 1 ? 0 : undefined;
}
