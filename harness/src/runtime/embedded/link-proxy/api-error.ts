// What the API answers when it does not do what was asked: a status, and a message in Toxiproxy's own words.

export class ApiError extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.name = 'ApiError';
    this.status = status;
  }
}
