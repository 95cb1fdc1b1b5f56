// Requests of one connection, answered one after the other, however long an answer takes.

import { ProtocolError } from '../core/protocol-error.ts';
import type { RtspRequest } from './message-parser.ts';
import type { Reply } from './reply.ts';

const MAX_QUEUED_REQUESTS = 16;

export interface RequestHandling {
  /** Calls `answer` exactly once, at once or later. */
  handle(request: RtspRequest, answer: (reply: Reply) => void): void;
  send(request: RtspRequest, reply: Reply): void;
  isClosed(): boolean;
}

export class RequestQueue {
  readonly #handling: RequestHandling;
  readonly #requests: RtspRequest[] = [];
  #answering = false;

  constructor(handling: RequestHandling) {
    this.#handling = handling;
  }

  /** Throws a ProtocolError when too many wait. */
  add(request: RtspRequest): void {
    if (this.#requests.length >= MAX_QUEUED_REQUESTS) throw new ProtocolError('too many requests without waiting');
    this.#requests.push(request);
    this.#answerNext();
  }

  #answerNext(): void {
    while (!this.#answering && !this.#handling.isClosed()) {
      const request = this.#requests.shift();
      if (request === undefined) return;
      this.#answering = true;
      this.#handling.handle(request, (reply) => {
        this.#answering = false;
        this.#handling.send(request, reply);
        if (!this.#handling.isClosed()) this.#answerNext();
      });
    }
  }
}
