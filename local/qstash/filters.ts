/**
 * The query filters of lists and bulk actions: values of one field are OR, fields are AND, and a
 * field can be given again or as a comma-separated list.
 *
 * From https://upstash.com/docs/qstash/api-reference/dlq/list-dlq-messages and
 * .../messages/bulk-cancel-messages.
 */
import { invalid } from "./errors.ts";
import { PAGE_SIZE } from "./limits.ts";
import { splitList } from "./lists.ts";
import type { Message } from "./message.ts";

/** What a record can be filtered by. */
type Filterable = {
  readonly message: Message;
  /** Milliseconds; what fromDate and toDate are compared with. */
  readonly time: number;
  readonly id?: string;
  readonly responseStatus?: number | undefined;
  readonly states?: readonly string[];
};

const FIELDS: Readonly<Record<string, (record: Filterable) => readonly (string | undefined)[]>> = {
  dlqIds: ({ id }) => [id],
  messageId: ({ message }) => [message.messageId],
  messageIds: ({ message }) => [message.messageId],
  url: ({ message }) => [message.url],
  host: ({ message }) => [new URL(message.url).host],
  path: ({ message }) => [new URL(message.url).pathname],
  topicName: ({ message }) => [message.topicName],
  scheduleId: ({ message }) => [message.scheduleId],
  queueName: ({ message }) => [message.queueName],
  callerIp: ({ message }) => [message.callerIp],
  callerIP: ({ message }) => [message.callerIp],
  label: ({ message }) => message.options.labels,
  flowControlKey: ({ message }) => [message.options.flowControl?.key],
  responseStatus: ({ responseStatus }) => [responseStatus?.toString()],
  state: ({ states }) => states ?? [],
};

/** How a list is read, not what is in it. */
const PAGING = new Set(["cursor", "count", "order", "qstash_token", "async"]);

type Filter = (record: Filterable) => boolean;

/** `allowed` are the fields of this one list; a query with another is turned down. */
export function parseFilter(query: URLSearchParams, allowed: ReadonlySet<string>): Filter {
  const tests: Filter[] = [];
  for (const name of new Set(query.keys())) {
    if (PAGING.has(name)) continue;
    const read = FIELDS[name];
    if (!allowed.has(name)) throw invalid(`unknown filter "${name}"`);
    const values = query.getAll(name);
    const bound = name.endsWith("Date") ? wholeNumber(name, values[0]) : 0;
    if (name === "fromDate") tests.push(({ time }) => time >= bound);
    else if (name === "toDate") tests.push(({ time }) => time <= bound);
    else if (read !== undefined) tests.push(matchAny(name, values, read));
  }
  return (record) => tests.every((test) => test(record));
}

function matchAny(
  name: string,
  values: readonly string[],
  read: (record: Filterable) => readonly (string | undefined)[],
): Filter {
  const wanted = new Set(values.flatMap((value) => splitList(value)));
  // URLs may contain commas: such a value also counts as a whole.
  for (const value of values) wanted.add(value);
  wanted.delete("");
  if (wanted.size === 0) throw invalid(`filter "${name}" is empty`);
  return (record) => read(record).some((value) => value !== undefined && wanted.has(value));
}

type Order = "earliestFirst" | "latestFirst";
export type Page<Item> = { readonly items: readonly Item[]; readonly cursor: string | undefined };

/**
 * One page of a list that is given earliest first and asked for in the order `?order=` says.
 *
 * The cursor is the sequence number of the page's last item, so that items that are added or
 * removed meanwhile don't shift the next page.
 */
export function takePage<Item extends { readonly sequence: number }>(
  earliestFirst: readonly Item[],
  query: URLSearchParams,
  defaultOrder: Order,
): Page<Item> {
  const order = query.get("order") ?? defaultOrder;
  if (order !== "earliestFirst" && order !== "latestFirst")
    throw invalid(`invalid order "${order}"`);
  const isAscending = order === "earliestFirst";
  const count = Math.min(PAGE_SIZE, wholeNumber("count", query.get("count") ?? `${PAGE_SIZE}`));
  if (count === 0) throw invalid('invalid count: "0"');
  const cursor = query.get("cursor") ?? "";
  const after = cursor === "" ? undefined : wholeNumber("cursor", cursor);
  const list = isAscending ? earliestFirst : earliestFirst.toReversed();
  const rest =
    after === undefined
      ? list
      : list.filter(({ sequence }) => (isAscending ? sequence > after : sequence < after));
  const items = rest.slice(0, count);
  const hasMore = rest.length > items.length;
  return { items, cursor: hasMore ? items.at(-1)?.sequence.toString() : undefined };
}

function wholeNumber(name: string, text: string | undefined): number {
  if (text === undefined || !/^\d{1,15}$/.test(text)) throw invalid(`invalid ${name}: "${text}"`);
  return Number(text);
}
