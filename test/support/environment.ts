/** The worker's variables for tests that build services without a worker; nothing of it is reached. */
export const ENVIRONMENT = {
  PUBLIC_URL: "https://waybill.example.com",
  ADMIN_KEY: "an admin key for tests",
  UPSTASH_REDIS_REST_URL: "https://redis.example.com",
  UPSTASH_REDIS_REST_TOKEN: "token",
  QSTASH_URL: "https://qstash.example.com",
  QSTASH_TOKEN: "token",
  QSTASH_CURRENT_SIGNING_KEY: "sig_current",
  QSTASH_NEXT_SIGNING_KEY: "sig_next",
  MONGODB_URI: "mongodb://127.0.0.1:27017",
  DNS_RESOLVER_URL: "off",
  SEALING_KEY: "0123456789abcdef".repeat(4),
} as const;
