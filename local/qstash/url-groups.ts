import { invalid, notFound } from "./errors.ts";
import { isHttpUrl } from "./options.ts";

export type Endpoint = { readonly name?: string | undefined; readonly url: string };
/** What a removal names: either will do. */
export type EndpointReference = {
  readonly name?: string | undefined;
  readonly url?: string | undefined;
};

export type UrlGroup = {
  readonly name: string;
  readonly createdAt: number;
  updatedAt: number;
  endpoints: readonly Endpoint[];
  /** Defaults for what is published to the group; lower-case names. */
  headers: ReadonlyMap<string, string>;
};

const NAME = /^[A-Za-z0-9._-]+$/;

/** Named lists of destinations: https://upstash.com/docs/qstash/features/url-groups. */
export class UrlGroups {
  readonly #groups = new Map<string, UrlGroup>();
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  find(name: string): UrlGroup | undefined {
    return this.#groups.get(name);
  }

  get(name: string): UrlGroup {
    const group = this.#groups.get(name);
    if (group === undefined) throw notFound(`url group ${name} not found`);
    return group;
  }

  list(): UrlGroup[] {
    return [...this.#groups.values()];
  }

  /** Adds endpoints; one with a name or URL that is known already replaces it. */
  addEndpoints(name: string, added: readonly Endpoint[]): void {
    for (const { url } of added)
      if (!isHttpUrl(url)) throw invalid(`invalid endpoint url "${url}"`);
    const group = this.#ensure(name);
    const kept = group.endpoints.filter((old) => !added.some((one) => isSame(one, old)));
    group.endpoints = [...kept, ...added];
    group.updatedAt = this.#now();
  }

  /** "If all endpoints have been removed, the URL Group will be deleted." */
  removeEndpoints(name: string, removed: readonly EndpointReference[]): void {
    const group = this.get(name);
    group.endpoints = group.endpoints.filter((old) => !removed.some((one) => isSame(one, old)));
    group.updatedAt = this.#now();
    if (group.endpoints.length === 0) this.#groups.delete(name);
  }

  /** Default headers of a group: https://upstash.com/docs/qstash/howto/webhook. */
  setHeaders(name: string, headers: ReadonlyMap<string, string>): void {
    const group = this.#ensure(name);
    group.headers = headers;
    group.updatedAt = this.#now();
  }

  remove(name: string): void {
    this.#groups.delete(name);
  }

  #ensure(name: string): UrlGroup {
    if (!NAME.test(name)) throw invalid(`invalid url group name "${name}"`);
    const known = this.#groups.get(name);
    if (known !== undefined) return known;
    const now = this.#now();
    const group = { name, createdAt: now, updatedAt: now, endpoints: [], headers: new Map() };
    this.#groups.set(name, group);
    return group;
  }
}

function isSame(one: EndpointReference, other: EndpointReference): boolean {
  const hasName = one.name !== undefined && one.name !== "";
  return (hasName && one.name === other.name) || (one.url !== undefined && one.url === other.url);
}

export function showUrlGroup({ name, createdAt, updatedAt, endpoints }: UrlGroup) {
  return { name, createdAt, updatedAt, endpoints };
}
