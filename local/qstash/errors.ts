/** Why the API turned a request down; the HTTP status is chosen at the edge. */
type ErrorCode = "invalid" | "unauthorized" | "not_found" | "limit_exceeded";

export class ApiError extends Error {
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string) {
    super(message);
    this.name = "ApiError";
    this.code = code;
  }
}

export const invalid = (message: string): ApiError => new ApiError("invalid", message);
export const notFound = (message: string): ApiError => new ApiError("not_found", message);
export const limitExceeded = (message: string): ApiError => new ApiError("limit_exceeded", message);

/** The statuses of https://upstash.com/docs/qstash/api-reference (each page lists its own). */
const STATUSES: Readonly<Record<ErrorCode, number>> = {
  invalid: 400,
  unauthorized: 401,
  not_found: 404,
  limit_exceeded: 412,
};

export function statusOf(code: ErrorCode): number {
  return STATUSES[code];
}
